import type { ChannelType, DeliveryStatus } from "./notification.ts";
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

/** `unknown`: no such delivery here. Else why no delivery of the user can have had that event. */
export type EngagementOutcome = "recorded" | "unknown" | { status: DeliveryStatus; reason: string | null };
