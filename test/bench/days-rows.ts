/** What the rows hold that stand for a past day's realtime sends. */

const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;
export const CHANNEL = { key: "in-app-alerts", type: "in_app" };

/** An id as one is made at that time. */
export function idAt(timeMs: number, index: number): string {
  const hex = Math.floor(timeMs).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${index.toString(16).padStart(12, "0")}`;
}

export function headerOf(id: string, createdAt: number): object {
  return {
    id,
    mode: "realtime",
    templateKey: "order",
    templateId: id,
    templateVersion: 1,
    title: "Order",
    tag: "orders",
    priority: null,
    channels: [CHANNEL],
    total: 1,
    duplicates: 0,
    createdAt,
    expiresAt: createdAt + DAY_MS,
    sentFrom: "0000",
    fileAudience: null,
  };
}

export const totalsOf = (createdAt: number): object[] => [
  {
    channelKey: CHANNEL.key,
    delivered: 1,
    cancelled: 0,
    pending: 0,
    viewed: 0,
    clicked: 0,
    failed: [],
    skipped: [],
    hours: [[Math.floor(createdAt / HOUR_MS), 1, 0, 0]],
  },
];
