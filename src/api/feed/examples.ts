import type { Example } from "../../http/route.ts";

/** A user's feed as the OpenAPI document shows it. */

const ITEM = {
  notificationId: "01a1fd76-d57a-7012-aa0a-7d2df0e14cc2",
  templateKey: "order-confirmation",
  channelKey: "in-app-alerts",
  title: "Order Confirmed",
  tag: "orders",
  content: { title: "Thanks, Jane", body: "Order ORD-12345 is on its way." },
  createdAt: "2026-11-21T09:36:25.978Z",
  viewedAt: null,
  clickedAt: null,
};

export const FEED_EXAMPLES: readonly Example[] = [
  { name: "oneItem", answer: { data: [ITEM], nextCursor: null } },
];
export const UNREAD_EXAMPLES: readonly Example[] = [{ name: "one", answer: { count: 1 } }];
export const MARK_EXAMPLES: readonly Example[] = [
  { name: "viewed", answer: { data: [{ ...ITEM, viewedAt: "2026-11-21T09:41:03.250Z" }] } },
];
export const TICKET_EXAMPLES: readonly Example[] = [
  {
    name: "aMinute",
    answer: { ticket: "eyJhbGciOiJIUzI1NiJ9.e30.dGlja2V0", expiresAt: "2026-11-21T09:42:00.000Z" },
  },
];
