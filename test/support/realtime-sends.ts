import type { DeliverRequest, DeliverySlice } from "../../src/model/delivery.ts";
import { newNotificationId, timeOfId } from "../../src/model/ids.ts";
import { DEFAULT_EXPIRY_MS } from "../../src/model/limits.ts";
import type { ChannelRef, NotificationHeader } from "../../src/model/notification.ts";

/** Realtime sends as an app makes them, for what they cost: in-app and push, some templates and keys, own titles. */

export const SENT_CHANNELS: ChannelRef[] = [
  { key: "in-app-alerts", type: "in_app" },
  { key: "mobile-push", type: "push" },
];
export const SENT_TITLES = [
  "Your order has shipped",
  "Payment received",
  "New message from",
  "Reminder:",
  "Price drop on",
];

/** Each user is sent to this often, among the others. */
const SENDS_PER_USER = 20;

export function sendOf(shard: number, index: number, sends: number): DeliverRequest {
  const header = headerOf(newNotificationId(shard, 0), index);
  const userId = `user-${(((index * 7919) % Math.ceil(sends / SENDS_PER_USER)) + 10_000).toString(36)}`;
  return {
    header,
    expected: 1,
    slices: [sliceOf(userId, index)],
    pushData: {},
    target: userId,
    targetValues: null,
  };
}

function headerOf(id: string, index: number): NotificationHeader {
  const createdAt = timeOfId(id);
  return {
    id,
    mode: "realtime",
    templateKey: `order-update-${index % 12}`,
    templateId: `01a1fd76-d57a-7012-aa0a-7d2df0e14c${10 + (index % 12)}`,
    templateVersion: 3,
    title: `${SENT_TITLES[index % 5]} ${(index * 7919).toString(36)} (${index})`,
    tag: `campaign-${index % 40}`,
    priority: null,
    channels: SENT_CHANNELS,
    total: 1,
    duplicates: 0,
    createdAt,
    expiresAt: createdAt + DEFAULT_EXPIRY_MS,
    sentFrom: `key${index % 3}`,
    fileAudience: null,
    webhookEvents: ["delivery.failed"],
  };
}

/** Most have a device, and were pushed to. */
function sliceOf(userId: string, index: number): DeliverySlice {
  const content = JSON.stringify({
    title: `Order ${100_000 + index}`,
    body: `Hello, your order is on its way and will be there on Friday (${index}).`,
  });
  const pushed = index % 3 === 0 ? ["skipped", "no_device"] : ["delivered", null];
  const [status = "", reason = null] = pushed;
  return {
    json: JSON.stringify([
      [userId, "in-app-alerts", "in_app", "delivered", null, content],
      [userId, "mobile-push", "push", status, reason, null],
    ]),
    rows: 2,
    tallies: [
      ["in-app-alerts", "delivered", null, 1],
      ["mobile-push", status === "skipped" ? "skipped" : "delivered", reason, 1],
    ],
    outbox: null,
  };
}
