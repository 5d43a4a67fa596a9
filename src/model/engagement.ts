import type { ChannelType } from "./notification.ts";

/** What a client says has happened on its side. */
export interface ClientEngagement {
  userId: string;
  notificationId: string;
  kind: "delivered" | Engagement;
  /** Null: any channel of the type. */
  channelKey: string | null;
  channelType: ChannelType;
}

export type Engagement = "viewed" | "clicked";
