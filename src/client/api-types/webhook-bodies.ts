/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { ChannelCounts } from "./shared.ts";

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
