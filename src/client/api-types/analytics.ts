/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { DeliveryReason, DeliveryStatus } from "./shared.ts";

export interface AnalyticsOperations {
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
