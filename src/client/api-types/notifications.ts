/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { ChannelCounts, DeliveryReason, DeliveryStatus } from "./shared.ts";

export interface NotificationsOperations {
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
