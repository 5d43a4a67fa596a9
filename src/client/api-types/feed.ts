/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { Device, NewDevice } from "./shared.ts";

export interface FeedOperations {
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
