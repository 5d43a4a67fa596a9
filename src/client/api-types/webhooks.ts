/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface WebhooksOperations {
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
