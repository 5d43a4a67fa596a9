/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export type DeliveryStatus = "pending" | "delivered" | "failed" | "skipped" | "cancelled";
export type DeliveryReason =
  | "missing_variables"
  | "invalid_variables"
  | "provider_rejected"
  | "provider_unavailable"
  | "payload_too_large"
  | "empty_content"
  | "expired"
  | "internal_error"
  | "no_device"
  | "channel_disabled"
  | "user_deleted"
  | "user_deactivated"
  | "opted_out"
  | "no_address";
export type Device =
  | {
      id: string;
      provider: "fcm";
      token: string;
      createdAt: string;
      updatedAt: string;
    }
  | {
      id: string;
      provider: "apns";
      token: string;
      topic: string | null;
      sandbox: boolean;
      createdAt: string;
      updatedAt: string;
    }
  | {
      id: string;
      provider: "webpush";
      endpoint: string;
      createdAt: string;
      updatedAt: string;
    };
export type AuditAction =
  | "app.created"
  | "app.quotas_updated"
  | "app.root_secret_rotated"
  | "key.created"
  | "key.revoked"
  | "channel.created"
  | "channel.updated"
  | "channel.providers_updated"
  | "template.created"
  | "template.updated"
  | "template.approved"
  | "template.archived"
  | "targets_file.uploaded"
  | "targets_file.deleted"
  | "webhook.created"
  | "webhook.updated"
  | "webhook.secret_rotated"
  | "webhook.deleted"
  | "webhook.disabled"
  | "notification.retried"
  | "dashboard.opened"
  | "user.deleted"
  | "user.tokens_revoked"
  | "user.token_removed"
  | "user.read_token_issued"
  | "user.deactivated"
  | "user.activated"
  | "notification.sent";
export type AuditTargetType =
  "app" | "key" | "channel" | "template" | "targets_file" | "webhook" | "notification" | "user";

export interface Api {
  operations: Operations;
  error: ApiError;
  webhooks: WebhookBodies;
}
export interface Operations {
  /**
   * POST /v3/business-messaging/api/notifications/send
   *
   * Send a template to one user or to many
   */
  sendNotification: {
    body: {
      template: {
        key?: string | null;
        id?: string | null;
        variables?: {
          [k: string]: unknown;
        } | null;
        notificationPushData?: {
          [k: string]: string | number | boolean;
        } | null;
      };
      /**
       * @minItems 1
       * @maxItems 10000
       */
      targets?: string[];
      targetsFile?: string | null;
      mode: "realtime" | "batch";
      title?: string | null;
      tag?: string | null;
      priority?: ("high" | "normal" | "low") | null;
      expiresAt?: string | null;
    };
    answer: SentRealtime | SentBatch;
  };
  /**
   * GET /v3/business-messaging/api/notifications
   *
   * Notifications, newest first
   */
  listNotifications: {
    query: {
      limit?: number;
      cursor?: string;
      tag?: string;
      templateKey?: string;
      mode?: "realtime" | "batch";
      state?: "sending" | "completed";
      hasFailures?: "true" | "false";
      /**
       * ISO 8601 with a zone, or a date
       */
      from?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to?: string;
    };
    answer: {
      data: Notification[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/notifications/{notification}
   *
   * A notification with its state and counts
   */
  getNotification: {
    answer: Notification;
  };
  /**
   * POST /v3/business-messaging/api/notifications/{notification}/retry
   *
   * Send again to the failed deliveries, of all users or of one
   */
  retryNotification: {
    body: {
      /**
       * @minItems 1
       */
      reasons?:
        | (
            | "missing_variables"
            | "invalid_variables"
            | "provider_rejected"
            | "provider_unavailable"
            | "payload_too_large"
            | "empty_content"
            | "expired"
            | "internal_error"
          )[]
        | null;
      userId?: string | null;
    };
    answer: Notification;
  };
  /**
   * GET /v3/business-messaging/api/notifications/{notification}/progress
   *
   * State and counts as Server-Sent Events, until they are final
   */
  streamProgress: {
    answer: string;
  };
  /**
   * GET /v3/business-messaging/api/notifications/{notification}/deliveries
   *
   * Deliveries target by target, in the order of the audience
   */
  listDeliveries: {
    query: {
      status?: DeliveryStatus;
      reason?: DeliveryReason;
      channel?: string;
      userId?: string;
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: Delivery[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/notifications/{notification}/deliveries.csv
   *
   * The delivery log as CSV, or with status=failed a targets file
   */
  exportDeliveries: {
    query: {
      status?: DeliveryStatus;
      reason?: DeliveryReason;
      channel?: string;
      for?: "spreadsheet";
    };
    answer: string;
  };
  /**
   * GET /v3/business-messaging/api/templates
   *
   * Templates, newest first, without content and schema
   */
  listTemplates: {
    query: {
      limit?: number;
      cursor?: string;
      status?: "draft" | "approved" | "archived";
      category?: string;
      channelKey?: string;
      search?: string;
    };
    answer: {
      data: ListedTemplate[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/templates
   *
   * Make a draft
   */
  createTemplate: {
    body: {
      name: string;
      key?: string | null;
      /**
       * @maxItems 50
       */
      channelKeys: unknown[];
      /**
       * The channels' content, by channel key
       */
      content?: {};
      variableSchema?: {
        [k: string]: {
          type: "string" | "image" | "action";
          required?: boolean;
          default?: unknown;
        };
      };
      placeholders?: "double" | "single";
      category?: string | null;
    };
    answer: Template;
  };
  /**
   * GET /v3/business-messaging/api/templates/{template}
   *
   * A template by its id or key
   */
  getTemplate: {
    answer: Template;
  };
  /**
   * PUT /v3/business-messaging/api/templates/{template}
   *
   * Change a template, approve or archive it
   */
  updateTemplate: {
    body: {
      name?: string;
      key?: unknown;
      /**
       * @maxItems 50
       */
      channelKeys?: unknown[];
      /**
       * The channels' content, by channel key
       */
      content?: {};
      variableSchema?: {
        [k: string]: {
          type: "string" | "image" | "action";
          required?: boolean;
          default?: unknown;
        };
      };
      placeholders?: "double" | "single";
      category?: string | null;
      status?: "draft" | "approved" | "archived";
    };
    answer: ChangedTemplate;
  };
  /**
   * GET /v3/business-messaging/api/templates/{template}/versions
   *
   * Versions, newest first, without content and schema
   */
  listTemplateVersions: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: ListedTemplateVersion[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/templates/{template}/versions/{version}
   *
   * A version, whole
   */
  getTemplateVersion: {
    answer: TemplateVersion;
  };
  /**
   * POST /v3/business-messaging/api/templates/{template}/preview
   *
   * Render without sending
   */
  previewTemplate: {
    body: {
      variables?: {};
      version?: number;
    };
    answer: {
      templateKey: string;
      version: number;
      content: {
        [k: string]: unknown;
      };
    };
  };
  /**
   * GET /v3/business-messaging/api/channels
   *
   * All channels
   */
  listChannels: {
    answer: {
      data: Channel[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/channels
   *
   * Make a channel; providers of a push channel may come with it or later; a webhook channel's secret is shown once
   */
  createChannel: {
    body: {
      name: string;
      type: "in_app" | "push" | "webhook";
      key?: string | null;
      enabled?: boolean;
      providers?: ChannelProviders | null;
    };
    answer: ChannelWithSecret;
  };
  /**
   * GET /v3/business-messaging/api/channels/availability
   *
   * Per type how many there may be (-1: no limit) and how many there are
   */
  getChannelAvailability: {
    answer: {
      type: "in_app" | "push" | "webhook";
      limit: -1;
      used: number;
    }[];
  };
  /**
   * GET /v3/business-messaging/api/channels/{channel}
   *
   * A channel by its id or key
   */
  getChannel: {
    answer: Channel;
  };
  /**
   * PUT /v3/business-messaging/api/channels/{channel}
   *
   * Change name, enabled and providers (each by itself); key and type never change
   */
  updateChannel: {
    body: {
      name?: string;
      enabled?: boolean;
      key?: unknown;
      type?: unknown;
      providers?: ChannelProviders | null;
    };
    answer: Channel;
  };
  /**
   * POST /v3/business-messaging/api/channels/{channel}/test
   *
   * One push to one device, or one call to a user's webhook address, and what was answered; counts nothing
   */
  testChannel: {
    body: {
      userId: string;
      deviceId?: string | null;
      title?: string;
      body?: string;
      data?: unknown;
    };
    answer: ChannelTest;
  };
  /**
   * POST /v3/business-messaging/api/channels/{channel}/rotate-secret
   *
   * A webhook channel's new secret, which this answer alone shows; the old one signs for a while
   */
  rotateChannelSecret: {
    body: {
      gracePeriodHours?: number;
    };
    answer: ChannelWithSecret;
  };
  /**
   * GET /v3/business-messaging/api/targets-files
   *
   * Targets files, newest first, without their columns
   */
  listTargetsFiles: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: ListedTargetsFile[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/targets-files/{fileKey}/presigned-urls
   *
   * A signed form to upload a CSV with
   */
  presignTargetsFile: {
    body: {
      overwriteDuplicateKey?: boolean | null;
    };
    answer: PresignedUpload;
  };
  /**
   * GET /v3/business-messaging/api/targets-files/{fileKey}/content
   *
   * The CSV as it was uploaded
   */
  downloadTargetsFile: {
    answer: string;
  };
  /**
   * GET /v3/business-messaging/api/targets-files/{fileKey}
   *
   * A targets file
   */
  getTargetsFile: {
    answer: TargetsFile;
  };
  /**
   * DELETE /v3/business-messaging/api/targets-files/{fileKey}
   *
   * Delete a file; sends that were accepted go out whole
   */
  deleteTargetsFile: {
    answer: {
      fileKey: string;
      deleted: true;
    };
  };
  /**
   * GET /v3/business-messaging/api/users
   *
   * Users by uid
   */
  listUsers: {
    query: {
      searchKey?: string;
      role?: string;
      status?: "online" | "offline";
      /**
       * ISO 8601 with a zone, or a date
       */
      createdFrom?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      createdTo?: string;
      perPage?: number;
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: User[];
      nextCursor: string | null;
      meta: {
        pagination: {
          count: number;
          per_page: number;
        };
      };
    };
  };
  /**
   * POST /v3/business-messaging/api/users
   *
   * Make a user
   */
  createUser: {
    body: {
      uid: string;
      name?: string;
      avatar?: string | null;
      role?: string;
      metadata?: {} | null;
    };
    answer: User;
  };
  /**
   * GET /v3/business-messaging/api/user-count
   *
   * How many users there are, by the filters of their list
   */
  countUsers: {
    query: {
      searchKey?: string;
      role?: string;
      status?: "online" | "offline";
      /**
       * ISO 8601 with a zone, or a date
       */
      createdFrom?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      createdTo?: string;
    };
    answer: {
      count: number;
    };
  };
  /**
   * GET /v3/business-messaging/api/users/{uid}
   *
   * A user
   */
  getUser: {
    answer: User;
  };
  /**
   * PUT /v3/business-messaging/api/users/{uid}
   *
   * Change the given fields
   */
  updateUser: {
    body: {
      name?: string;
      avatar?: string | null;
      role?: string;
      metadata?: {} | null;
    };
    answer: User;
  };
  /**
   * DELETE /v3/business-messaging/api/users/{uid}
   *
   * Blank all that is stored of a user; counts stay as they are
   */
  deleteUser: {
    answer: {
      uid: string;
      deleted: true;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/auth_tokens
   *
   * A token for a user's client
   */
  createUserToken: {
    body: {
      expiresInSeconds?: number;
    };
    answer: {
      authToken: string;
      expiresAt: string;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/auth_tokens/read_only
   *
   * A token that reads the user's feed for ten minutes, and marks nothing; makes no user
   */
  createReadOnlyToken: {
    answer: {
      authToken: string;
      expiresAt: string;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/auth_tokens/revoke
   *
   * Refuse all of a user's tokens until now, and close sockets
   */
  revokeUserTokens: {
    answer: {
      uid: string;
      validFrom: string;
    };
  };
  /**
   * GET /v3/business-messaging/api/users/{uid}/devices
   *
   * A user's devices, the newest registration first
   */
  listDevices: {
    answer: {
      data: Device[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/devices
   *
   * Register a user's device: 201 for a new one, 200 for one that is there
   */
  registerDevice: {
    body: NewDevice;
    answer: Device;
  };
  /**
   * DELETE /v3/business-messaging/api/users/{uid}/devices/{device}
   *
   * Remove a device
   */
  deleteDevice: {
    answer: {
      id: string;
      deleted: true;
    };
  };
  /**
   * GET /v3/business-messaging/api/users/{uid}/addresses/webhook
   *
   * A user's webhook address
   */
  getWebhookAddress: {
    answer: WebhookAddress;
  };
  /**
   * PUT /v3/business-messaging/api/users/{uid}/addresses/webhook
   *
   * Give a user a webhook address, in place of the one before: 201 for the first, 200 for another
   */
  putWebhookAddress: {
    body: {
      url: string;
    };
    answer: WebhookAddress;
  };
  /**
   * DELETE /v3/business-messaging/api/users/{uid}/addresses/webhook
   *
   * Take a user's webhook address away
   */
  deleteWebhookAddress: {
    answer: {
      url: string;
      deleted: true;
    };
  };
  /**
   * POST /v3/business-messaging/api/analytics/events
   *
   * Record that a user's client has a notification, or that its user saw or clicked it
   */
  recordEvent: {
    body: {
      notificationId?: string | null;
      campaignId?: string | null;
      userId: string;
      channelType: "in_app" | "push" | "webhook";
      channelKey?: string | null;
      eventType: "delivered" | "viewed" | "clicked";
    };
    answer: {
      success: true;
      eventId: string;
    };
  };
  /**
   * GET /v3/business-messaging/api/analytics/channels
   *
   * Events by channel type over a time
   */
  getChannelAnalytics: {
    query: {
      /**
       * ISO 8601 with a zone, or a date
       */
      from: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to: string;
      granularity?: "daily" | "hourly";
    };
    answer: ChannelSeries[];
  };
  /**
   * GET /v3/business-messaging/api/analytics/templates/{template}
   *
   * Events of one template's notifications by channel type
   */
  getTemplateAnalytics: {
    query: {
      /**
       * ISO 8601 with a zone, or a date
       */
      from: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to: string;
      granularity?: "daily" | "hourly";
    };
    answer: ChannelSeries[];
  };
  /**
   * GET /v3/business-messaging/api/analytics/tags/{tag}
   *
   * Events of one tag's notifications by channel type
   */
  getTagAnalytics: {
    query: {
      /**
       * ISO 8601 with a zone, or a date
       */
      from: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to: string;
      granularity?: "daily" | "hourly";
    };
    answer: ChannelSeries[];
  };
  /**
   * GET /v3/business-messaging/api/analytics/notifications/{notification}
   *
   * Events of one notification by channel type; without a range since it was sent
   */
  getNotificationAnalytics: {
    query: {
      /**
       * ISO 8601 with a zone, or a date
       */
      from?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to?: string;
      granularity?: "daily" | "hourly";
    };
    answer: ChannelSeries[];
  };
  /**
   * GET /v3/business-messaging/api/analytics/users/{uid}
   *
   * What became of a user's notifications, newest first
   */
  getUserAnalytics: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: UserHistory;
  };
  /**
   * GET /v3/business-messaging/api/webhooks
   *
   * Endpoints, newest first
   */
  listWebhooks: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: Webhook[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/webhooks
   *
   * Make an endpoint; this answer alone shows its secret
   */
  createWebhook: {
    body: {
      url: string;
      description?: string | null;
      /**
       * @maxItems 50
       */
      events: unknown[];
      eventsPerCall?: number;
      enabled?: boolean;
    };
    answer: WebhookWithSecret;
  };
  /**
   * GET /v3/business-messaging/api/webhooks/{webhook}
   *
   * An endpoint
   */
  getWebhook: {
    answer: Webhook;
  };
  /**
   * PUT /v3/business-messaging/api/webhooks/{webhook}
   *
   * Change url, description, events, enabled; what is absent stays
   */
  updateWebhook: {
    body: {
      url?: string;
      description?: string | null;
      /**
       * @maxItems 50
       */
      events?: unknown[];
      eventsPerCall?: number;
      enabled?: boolean;
    };
    answer: Webhook;
  };
  /**
   * DELETE /v3/business-messaging/api/webhooks/{webhook}
   *
   * Delete an endpoint with all that it was still to get
   */
  deleteWebhook: {
    answer: {
      id: string;
      deleted: true;
    };
  };
  /**
   * POST /v3/business-messaging/api/webhooks/{webhook}/rotate-secret
   *
   * A new secret, which this answer alone shows; the old one signs for a while
   */
  rotateWebhookSecret: {
    body: {
      gracePeriodHours?: number;
    };
    answer: WebhookWithSecret;
  };
  /**
   * POST /v3/business-messaging/api/webhooks/{webhook}/test
   *
   * Send a webhook.test event now, and say what came of it
   */
  testWebhook: {
    answer: WebhookAttempt;
  };
  /**
   * GET /v3/business-messaging/api/webhooks/{webhook}/attempts
   *
   * Every call to the endpoint in 30 days, newest first
   */
  listWebhookAttempts: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: WebhookAttempt[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/webhooks/{webhook}/attempts/{attempt}/resend
   *
   * Make an attempt's call again, under the same id
   */
  resendWebhookAttempt: {
    answer: WebhookAttempt;
  };
  /**
   * POST /v3/business-messaging/api/webhooks/{webhook}/recover
   *
   * Send again what the endpoint hasn't taken since a time
   */
  recoverWebhook: {
    body: {
      /**
       * ISO 8601 with a zone, or a date
       */
      since: string;
    };
    answer: WebhookRecovery;
  };
  /**
   * GET /v3/business-messaging/api/audit-log
   *
   * Who did what, newest first
   */
  listAuditLog: {
    query: {
      limit?: number;
      cursor?: string;
      action?: AuditAction;
      targetType?: AuditTargetType;
      targetId?: string;
      actor?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      from?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to?: string;
    };
    answer: {
      data: AuditEntry[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/feed
   *
   * The user's in-app notifications, newest first
   */
  listFeed: {
    query: {
      limit?: number;
      cursor?: string;
      unread?: "true" | "false";
      tag?: string;
    };
    answer: {
      data: FeedItem[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/feed/unread-count
   *
   * Items without a view
   */
  countUnread: {
    answer: {
      count: number;
    };
  };
  /**
   * GET /v3/business-messaging/api/feed/socket
   *
   * A WebSocket that tells of each new item and the unread count
   */
  openFeedSocket: {};
  /**
   * POST /v3/business-messaging/api/feed/socket-ticket
   *
   * What a browser puts into the socket's query once, instead of its token
   */
  createSocketTicket: {
    answer: {
      ticket: string;
      expiresAt: string;
    };
  };
  /**
   * POST /v3/business-messaging/api/feed/viewed
   *
   * Several items were seen: each is counted once. The answer leaves out what isn't in the feed
   */
  markItemsViewed: {
    body: {
      /**
       * @minItems 1
       * @maxItems 100
       */
      items: {
        notificationId: string;
        channelKey?: string | null;
      }[];
    };
    answer: {
      data: FeedItem[];
    };
  };
  /**
   * POST /v3/business-messaging/api/feed/read-all
   *
   * Every unread item becomes viewed
   */
  markAllViewed: {
    answer: {
      viewed: number;
    };
  };
  /**
   * GET /v3/business-messaging/api/feed/push-keys
   *
   * What a page subscribes to Web Push with, by push channel
   */
  listPushKeys: {
    answer: {
      data: {
        channelKey: string;
        publicKey: string;
      }[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/feed/devices
   *
   * The newest registration first
   */
  listOwnDevices: {
    answer: {
      data: Device[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/feed/devices
   *
   * Register the client's own device: 201 for a new one, 200 for one that is there
   */
  registerOwnDevice: {
    body: NewDevice;
    answer: Device;
  };
  /**
   * DELETE /v3/business-messaging/api/feed/devices/{device}
   *
   * Remove a device, on logout
   */
  deleteOwnDevice: {
    answer: {
      id: string;
      deleted: true;
    };
  };
  /**
   * POST /v3/business-messaging/api/feed/{notification}/viewed
   *
   * A notification was seen: counted once
   */
  markViewed: {
    body: {
      channelKey?: string | null;
    };
    answer: {
      data: FeedItem[];
    };
  };
  /**
   * POST /v3/business-messaging/api/feed/{notification}/clicked
   *
   * A notification was clicked: counted once
   */
  markClicked: {
    body: {
      channelKey?: string | null;
    };
    answer: {
      data: FeedItem[];
    };
  };
  /**
   * POST /dashboard/session
   *
   * Exchange an API key, the admin token or a link's code for the dashboard's cookie
   */
  signIn: {
    body: {
      token?: string;
      code?: string;
    };
    answer: DashboardSession;
  };
  /**
   * GET /dashboard/session
   *
   * Who is signed in to the dashboard, nobody perhaps
   */
  getSession: {
    answer: DashboardSession;
  };
  /**
   * DELETE /dashboard/session
   *
   * Take the dashboard's cookie away
   */
  signOut: {
    answer: {
      signedOut: true;
    };
  };
  /**
   * POST /dashboard/session/app
   *
   * Open an app as the operator, which its audit log says
   */
  openApp: {
    body: {
      app: string;
    };
    answer: OpenedApp;
  };
  /**
   * POST /admin/apps
   *
   * Make an app; the answer shows its first key, with every scope, once
   */
  createApp: {
    body: {
      id?: string | null;
      name: string;
      shardCount?: number | null;
      foldsUserIds?: boolean | null;
    };
    answer: NewApp;
  };
  /**
   * GET /admin/apps
   *
   * Apps by id; a new one can take up to a minute to be listed everywhere
   */
  listApps: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: App[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /admin/apps/{app}
   *
   * An app with its quotas
   */
  getApp: {
    answer: AppWithQuotas;
  };
  /**
   * PUT /admin/apps/{app}
   *
   * Set what an app may have; null is the default again
   */
  updateApp: {
    body: {
      quotas: {
        keys?: number | null;
        channels?: number | null;
        templates?: number | null;
        templateVersions?: number | null;
        files?: number | null;
        uploadedBytesPerDay?: number | null;
        users?: number | null;
        tags?: number | null;
        webhooks?: number | null;
      };
    };
    answer: AppWithQuotas;
  };
  /**
   * DELETE /admin/apps/{app}
   *
   * Close an app at once, and erase all of it in minutes
   */
  deleteApp: {
    body: {
      name: string;
    };
    answer: {
      id: string;
      state: "deleting";
      step: string;
      startedAt: string;
    };
  };
  /**
   * GET /admin/apps/{app}/erasure
   *
   * How far the erasure of a deleted app is
   */
  getErasure: {
    answer: Erasure;
  };
  /**
   * POST /admin/apps/{app}/keys
   *
   * Make an API key, which is shown once
   */
  createKey: {
    body: {
      name: string;
      /**
       * @maxItems 50
       */
      scopes: unknown[];
    };
    answer: NewApiKey;
  };
  /**
   * GET /admin/apps/{app}/keys
   *
   * All API keys, masked
   */
  listKeys: {
    answer: {
      data: ApiKey[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /admin/apps/{app}/keys/{key}
   *
   * An API key with what revoking it ends, and what goes on
   */
  getKey: {
    answer: ApiKeyInUse;
  };
  /**
   * DELETE /admin/apps/{app}/keys/{key}
   *
   * Revoke an API key
   */
  revokeKey: {
    answer: {
      id: string;
      name: string;
      scopes: ("send" | "read" | "manage")[];
      key: string;
      createdAt: string;
      lastUsedAt: string | null;
      uses: {
        send: string | null;
        read: string | null;
        manage: string | null;
      };
      revoked: true;
    };
  };
  /**
   * POST /admin/apps/{app}/rotate-root-secret
   *
   * Sign user tokens, socket tickets and upload forms anew; earlier ones are taken until the grace ends
   */
  rotateRootSecret: {
    body: {
      gracePeriodHours?: number;
    };
    answer: {
      id: string;
      generation: number;
      previousUntil: string;
    };
  };
  /**
   * POST /admin/apps/{app}/sign-in-codes
   *
   * A link to the dashboard that signs the operator in once, within ten minutes
   */
  createSignInCode: {
    answer: SignInCode;
  };
  /**
   * GET /admin/status
   *
   * What isn't done with, app by app
   */
  listStatus: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: AppStatus[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /admin/apps/{app}/status
   *
   * What isn't done with, of one app
   */
  getStatus: {
    answer: AppStatus;
  };
  /**
   * GET /admin/apps/{app}/audit/{notification}
   *
   * The ledger's counts beside the shards' own rows
   */
  checkCounts: {
    answer: CountsCheck;
  };
  /**
   * GET /health
   *
   * That the Worker answers, and with which bindings
   */
  getHealth: {
    answer: Health;
  };
  /**
   * GET /
   *
   * Where everything is
   */
  getService: {
    answer: {
      name: string;
      version: string;
      docs: string;
      openapi: string;
      health: string;
    };
  };
  /**
   * GET /openapi.json
   *
   * This document: OpenAPI 3.1
   */
  getOpenApi: {
    answer: {
      [k: string]: unknown;
    };
  };
  /**
   * GET /docs
   *
   * This document as a page
   */
  getDocs: {
    answer: string;
  };
}
export interface SentRealtime {
  notificationId: string;
  templateKey: string;
  channels: ("in_app" | "push" | "webhook")[];
  mode: "realtime";
  title: string | null;
  tag: string | null;
  sentFrom: "api";
  createdAt: string;
}
export interface SentBatch {
  notificationId: string;
  templateKey: string;
  channels: ChannelRef[];
  mode: "batch";
  title: string | null;
  tag: string | null;
  sentFrom: {
    type: "api";
    value: string;
  };
  createdAt: string;
}
export interface ChannelRef {
  key: string;
  type: "in_app" | "push" | "webhook";
}
export interface Notification {
  id: string;
  state: "sending" | "completed";
  templateKey: string;
  templateVersion: number;
  mode: "realtime" | "batch";
  title: string | null;
  tag: string | null;
  priority: ("high" | "normal" | "low") | null;
  channels: ChannelRef[];
  duplicates: number;
  createdAt: string;
  completedAt: string | null;
  expiresAt: string;
  attempt: number;
  sentBy: Sender;
  counts: {
    [k: string]: ChannelCounts;
  };
}
export interface Sender {
  type: "api_key" | "admin";
  key: string | null;
  keyId: string | null;
  name: string | null;
  via: ("api" | "dashboard") | null;
}
export interface ChannelCounts {
  type: "in_app" | "push" | "webhook";
  total: number;
  delivered: number;
  failed: {
    [k: string]: number;
  };
  skipped: {
    [k: string]: number;
  };
  cancelled: number;
  pending: number;
  viewed: number;
  clicked: number;
}
export interface Delivery {
  userId: string | null;
  userDeleted?: true;
  channelKey: string;
  status: DeliveryStatus;
  reason: DeliveryReason | null;
  message: string | null;
  attempts: number;
  createdAt: string;
  deliveredAt: string | null;
  viewedAt: string | null;
  clickedAt: string | null;
}
export interface ListedTemplate {
  id: string;
  key: string;
  name: string;
  category: string | null;
  status: "draft" | "approved" | "archived";
  version: number;
  approvedVersion: number | null;
  channelKeys: string[];
  placeholders: "double" | "single";
  createdAt: string;
  updatedAt: string;
}
export interface Template extends ListedTemplate {
  content: {
    [k: string]: unknown;
  };
  variableSchema: {
    [k: string]: VariableDefinition;
  };
}
export interface VariableDefinition {
  type: "string" | "image" | "action";
  required: boolean;
  default?:
    | string
    | {
        [k: string]: unknown;
      };
}
export interface ChangedTemplate extends Template {
  warnings?: {
    field: string;
    message: string;
  }[];
}
export interface ListedTemplateVersion {
  version: number;
  channelKeys: string[];
  placeholders: "double" | "single";
  createdAt: string;
  approvedAt: string | null;
}
export interface TemplateVersion extends ListedTemplateVersion {
  content: {
    [k: string]: unknown;
  };
  variableSchema: {
    [k: string]: VariableDefinition;
  };
}
export interface Channel {
  id: string;
  key: string;
  name: string;
  type: "in_app" | "push" | "webhook";
  enabled: boolean;
  providers?: {
    fcm: ShownProvider | null;
    apns: ShownProvider | null;
    webpush: ShownProvider | null;
  };
  secretFingerprint?: string;
  previousSecretUntil?: string | null;
  createdAt: string;
  updatedAt: string;
}
export interface ShownProvider {
  fingerprint: string;
  [k: string]: string | string[];
}
export interface ChannelProviders {
  fcm?: {
    project_id: string;
    client_email: string;
    private_key: string;
  } | null;
  apns?: {
    keyId: string;
    teamId: string;
    privateKey: string;
    topic: string;
  } | null;
  webpush?: {
    publicKey: string;
    privateKey: string;
    subject: string;
    /**
     * @maxItems 20
     */
    allowedHosts?: string[];
  } | null;
}
export interface ChannelWithSecret extends Channel {
  secret?: string;
}
export interface ChannelTest {
  deviceId?: string;
  provider?: string;
  url?: string;
  outcome: "accepted" | "gone" | "rejected" | "retry" | "unreachable" | "untried";
  reason: string | null;
  message: string | null;
  retryAfterSeconds: number | null;
  status: number | null;
  durationMs: number;
}
export interface ListedTargetsFile {
  id: string;
  fileKey: string;
  size: number;
  rows: number;
  duplicates: number;
  uploadedAt: string;
  expiresAt: string;
}
export interface PresignedUpload {
  url: string;
  fields: {
    [k: string]: string;
  };
  fileKey: string;
}
export interface TargetsFile extends ListedTargetsFile {
  columns: string[];
}
export interface User {
  uid: string;
  name: string;
  avatar: string | null;
  role: string;
  metadata: {
    [k: string]: unknown;
  } | null;
  status: "online" | "offline";
  createdAt: string;
  updatedAt: string;
  deactivatedAt?: string;
}
export interface NewDevice {
  provider: "fcm" | "apns" | "webpush";
  token?: string;
  topic?: string | null;
  sandbox?: boolean;
  endpoint?: string;
  keys?: {
    p256dh: string;
    auth: string;
  };
}
export interface WebhookAddress {
  url: string;
  createdAt: string;
  updatedAt: string;
}
export interface ChannelSeries {
  channelType: "in_app" | "push" | "webhook";
  delivered: number;
  viewed: number;
  clicked: number;
  timeSeries: {
    date: string;
    delivered: number;
    viewed: number;
    clicked: number;
  }[];
}
export interface UserHistory {
  userId: string;
  userDeleted?: true;
  summary: {
    delivered: number;
    viewed: number;
    clicked: number;
  };
  notifications: {
    notificationId: string;
    templateName: string;
    templateKey: string;
    channelType: "in_app" | "push" | "webhook";
    channelKey: string;
    status: DeliveryStatus;
    reason: DeliveryReason | null;
    message: string | null;
    delivered: boolean;
    viewed: boolean;
    clicked: boolean;
    deliveredAt: string | null;
    viewedAt: string | null;
    clickedAt: string | null;
  }[];
  nextCursor: string | null;
}
export interface Webhook {
  id: string;
  url: string;
  description: string | null;
  events: (
    | "notification.accepted"
    | "notification.completed"
    | "notification.failed"
    | "delivery.failed"
    | "delivery.viewed"
    | "delivery.clicked"
  )[];
  eventsPerCall: number;
  enabled: boolean;
  secretFingerprint: string;
  previousSecretUntil: string | null;
  failingSince: string | null;
  disabledAt: string | null;
  disabledReason: ("requested" | "failing" | "gone" | "backlog") | null;
  waitingEvents: number;
  droppedEvents: number;
  createdAt: string;
  updatedAt: string;
}
export interface WebhookWithSecret extends Webhook {
  secret: string;
}
export interface WebhookAttempt {
  id: string;
  messageId: string;
  type:
    | "notification.accepted"
    | "notification.completed"
    | "notification.failed"
    | "delivery.failed"
    | "delivery.viewed"
    | "delivery.clicked"
    | "webhook.test"
    | "webhook.batch";
  events: number;
  status: "succeeded" | "failed";
  httpStatus: number | null;
  durationMs: number;
  response: string | null;
  error: string | null;
  at: string;
  nextAttemptAt: string | null;
}
export interface WebhookRecovery {
  recovered: number;
  hasMore: boolean;
}
export interface AuditEntry {
  id: string;
  at: string;
  actor: {
    type: "api_key" | "admin" | "onecall";
    key: string | null;
    keyId: string | null;
  };
  action: AuditAction;
  target: {
    type: AuditTargetType;
    id: string;
  };
  details: {
    [k: string]: unknown;
  };
  requestId: string | null;
}
export interface FeedItem {
  notificationId: string;
  templateKey: string;
  channelKey: string;
  title: string | null;
  tag: string | null;
  content: unknown;
  createdAt: string;
  viewedAt: string | null;
  clickedAt: string | null;
}
export interface DashboardSession {
  role: "operator" | "key" | "nobody";
  app: {
    id: string;
    name: string;
  } | null;
  scopes: ("send" | "read" | "manage")[];
  key: string | null;
  expiresAt: string | null;
}
export interface OpenedApp {
  id: string;
  name: string;
}
export interface NewApp {
  id: string;
  name: string;
  apiKey: string;
  createdAt: string;
}
export interface App {
  id: string;
  name: string;
  shardCount: number;
  foldsUserIds: boolean;
  createdAt: string;
}
export interface AppWithQuotas extends App {
  quotas: {
    keys: Quota;
    channels: Quota;
    templates: Quota;
    templateVersions: Quota;
    files: Quota;
    uploadedBytesPerDay: Quota;
    users: Quota;
    tags: Quota;
    webhooks: Quota;
  };
}
export interface Quota {
  limit: number;
  used: number | null;
}
export interface Erasure {
  id: string;
  state: "deleting" | "erased";
  step: "copies" | "shards" | "ledgers" | "webhooks" | "files" | "registry" | "erased";
  shards: {
    erased: number;
    total: number;
  } | null;
  startedAt: string;
}
export interface NewApiKey extends ApiKey {
  apiKey: string;
}
export interface ApiKey {
  id: string;
  name: string;
  scopes: ("send" | "read" | "manage")[];
  key: string;
  createdAt: string;
  lastUsedAt: string | null;
  uses: {
    send: string | null;
    read: string | null;
    manage: string | null;
  };
}
export interface ApiKeyInUse extends ApiKey {
  signIns: {
    count: number;
    isMore: boolean;
  };
  sending: {
    count: number;
    isMore: boolean;
  };
}
export interface SignInCode {
  code: string;
  url: string;
  expiresAt: string;
}
export interface AppStatus {
  app: {
    id: string;
    name: string;
  };
  uncompleted: number;
  oldestUncompleted: {
    id: string;
    createdAt: string;
  } | null;
  redrivenChunks: number;
  deadLetters: number;
  probedProviders: {
    channelKey: string;
    scope: string;
    shards: number;
  }[];
  secrets: ("current" | "old_key" | "plain" | "unreadable") | null;
  largestObjects: {
    kind: "registry" | "ledger" | "user_shard";
    name: string;
    bytes: number;
    share: number;
  }[];
}
export interface CountsCheck {
  notificationId: string;
  isEqual: boolean;
  ledger: {
    [k: string]: ChannelCounts;
  };
  shards: {
    [k: string]: ChannelCounts;
  };
}
export interface Health {
  status: "ok" | "error";
  bindings: {
    kv: boolean;
    r2: boolean;
    queues: boolean;
    durableObjects: boolean;
  };
  variables?: {
    [k: string]: string;
  };
}
export interface ApiError {
  error: {
    code:
      | "ERR_BAD_REQUEST"
      | "ERR_INVALID_VARIABLES"
      | "ERR_TARGET_LIMIT_EXCEEDED"
      | "ERR_INVALID_MODE"
      | "ERR_NO_CHANNELS"
      | "ERR_INVALID_TARGETS_FILE"
      | "ERR_UNAUTHORIZED"
      | "ERR_FORBIDDEN"
      | "ERR_NOT_FOUND"
      | "ERR_TEMPLATE_NOT_FOUND"
      | "ERR_UID_NOT_FOUND"
      | "ERR_METHOD_NOT_ALLOWED"
      | "ERR_TEMPLATE_NOT_APPROVED"
      | "ERR_CONFLICT"
      | "ERR_UID_ALREADY_EXISTS"
      | "ERR_IDEMPOTENCY_CONFLICT"
      | "ERR_QUOTA_EXCEEDED"
      | "ERR_PAYLOAD_TOO_LARGE"
      | "ERR_UNSUPPORTED_ENCODING"
      | "ERR_TOO_MANY_REQUESTS"
      | "ERR_INTERNAL"
      | "ERR_UNAVAILABLE"
      | "ERR_STORAGE_FULL";
    message: string;
    devMessage: string;
    details?: {
      [k: string]: string;
    };
  };
}
export interface WebhookBodies {
  "notification.accepted": {
    type: "notification.accepted";
    timestamp: string;
    data: NotificationEventData;
  };
  "notification.completed": {
    type: "notification.completed";
    timestamp: string;
    data: NotificationEventData;
  };
  "notification.failed": {
    type: "notification.failed";
    timestamp: string;
    data: NotificationEventData;
  };
  "delivery.failed": {
    type: "delivery.failed";
    timestamp: string;
    data: DeliveryEventData;
  };
  "delivery.viewed": {
    type: "delivery.viewed";
    timestamp: string;
    data: DeliveryEventData;
  };
  "delivery.clicked": {
    type: "delivery.clicked";
    timestamp: string;
    data: DeliveryEventData;
  };
  notification: {
    type: "notification";
    timestamp: string;
    data: DeliveredNotificationData;
  };
  "webhook.test": {
    type: "webhook.test";
    timestamp: string;
    data: {
      webhookId: string;
    };
  };
  "webhook.batch": {
    type: "webhook.batch";
    timestamp: string;
    data: {
      events: (
        | {
            id: string;
            type: "notification.accepted";
            timestamp: string;
            data: NotificationEventData;
          }
        | {
            id: string;
            type: "notification.completed";
            timestamp: string;
            data: NotificationEventData;
          }
        | {
            id: string;
            type: "notification.failed";
            timestamp: string;
            data: NotificationEventData;
          }
        | {
            id: string;
            type: "delivery.failed";
            timestamp: string;
            data: DeliveryEventData;
          }
        | {
            id: string;
            type: "delivery.viewed";
            timestamp: string;
            data: DeliveryEventData;
          }
        | {
            id: string;
            type: "delivery.clicked";
            timestamp: string;
            data: DeliveryEventData;
          }
        | {
            id: string;
            type: "webhook.test";
            timestamp: string;
            data: unknown;
          }
      )[];
    };
  };
}
export interface NotificationEventData {
  id: string;
  mode: "realtime" | "batch";
  templateKey: string;
  title: string | null;
  tag: string | null;
  state: "sending" | "completed";
  total: number;
  counts: {
    [k: string]: ChannelCounts;
  };
  createdAt: string;
  completedAt: string | null;
}
export interface DeliveryEventData {
  notificationId: string;
  templateKey: string | null;
  tag: string | null;
  deliveries: {
    userId: string;
    channelKey: string;
    channelType?: "in_app" | "push" | "webhook";
    reason?:
      | "missing_variables"
      | "invalid_variables"
      | "provider_rejected"
      | "provider_unavailable"
      | "payload_too_large"
      | "empty_content"
      | "expired"
      | "internal_error";
    message?: string;
    at: string;
  }[];
}
export interface DeliveredNotificationData {
  notificationId: string;
  channelKey: string;
  userId: string;
  content: unknown;
  data: {
    [k: string]: string;
  };
}
