import type {
  ChannelRef,
  ChannelType,
  DeliveryStatus,
  FailureReason,
  NotificationHeader,
} from "./notification.ts";

/** Pure arithmetic of counts: what a shard adds up, what the ledger sums, what a reader sees. */

/** Absolute numbers of one channel in one shard. Lists, not maps: keys come from users. */
export interface ChannelTotals {
  channelKey: string;
  delivered: number;
  cancelled: number;
  pending: number;
  viewed: number;
  clicked: number;
  failed: [reason: string, count: number][];
  skipped: [reason: string, count: number][];
  /** When things happened; absent: nothing has, or before this was kept. */
  hours?: HourCounts[];
}

/** What happened in one hour of UTC, counted in hours since 1970. */
export type HourCounts = [hour: number, delivered: number, viewed: number, clicked: number];

export const HOUR_MS = 60 * 60 * 1000;
/** Events that have a time series, in the order of {@link HourCounts}. */
const EVENTS = ["delivered", "viewed", "clicked"] as const;

export type Totals = ChannelTotals[];

/** A channel's counts as the API shows them. `total = delivered + failed + skipped + cancelled + pending`. */
export interface ChannelCounts {
  type: ChannelType;
  total: number;
  delivered: number;
  failed: Record<string, number>;
  skipped: Record<string, number>;
  cancelled: number;
  pending: number;
  viewed: number;
  clicked: number;
}

export function emptyTotals(channels: readonly ChannelRef[]): Totals {
  return channels.map(({ key }) => ({
    channelKey: key,
    delivered: 0,
    cancelled: 0,
    pending: 0,
    viewed: 0,
    clicked: 0,
    failed: [],
    skipped: [],
  }));
}

/**
 * Adds `count` deliveries of a status to the totals in place; takes them away where it is below 0. `at` (Unix ms):
 * it has just happened, and has a place in the time series.
 */
export function addToTotals(
  totals: Totals,
  channelKey: string,
  status: DeliveryStatus | "viewed" | "clicked",
  reason: string | null,
  count: number,
  at: number | null = null,
): void {
  const channel = totals.find((entry) => entry.channelKey === channelKey);
  if (channel === undefined) throw new Error("A delivery names a channel that its notification doesn't have");
  if (status === "failed" || status === "skipped") {
    const entry = channel[status].find(([name]) => name === reason);
    if (entry === undefined) channel[status].push([reason ?? "internal_error", count]);
    else entry[1] += count;
    channel[status] = channel[status].filter(([, left]) => left !== 0);
  } else channel[status] += count;
  const event = (EVENTS as readonly string[]).indexOf(status);
  if (at === null || event < 0 || count === 0) return;
  const hour: HourCounts = [Math.floor(at / HOUR_MS), 0, 0, 0];
  hour[event + 1] = count;
  channel.hours = addHours(channel.hours ?? [], [hour]);
}

/** Adds hours from before these were kept, in place: what happened in them is in the totals already. */
export function addPastHours(totals: Totals, channelKey: string, hours: readonly HourCounts[]): void {
  const channel = totals.find((entry) => entry.channelKey === channelKey);
  if (channel === undefined || hours.length === 0) return;
  channel.hours = addHours(channel.hours ?? [], hours);
}

/** The sum of two time series, oldest hour first. */
function addHours(known: readonly HourCounts[], more: readonly HourCounts[]): HourCounts[] {
  const sum = new Map(known.map((entry): [number, HourCounts] => [entry[0], [...entry]]));
  for (const [hour, delivered, viewed, clicked] of more) {
    const entry = sum.get(hour);
    if (entry === undefined) sum.set(hour, [hour, delivered, viewed, clicked]);
    else {
      entry[1] += delivered;
      entry[2] += viewed;
      entry[3] += clicked;
    }
  }
  return [...sum.values()].sort(([a], [b]) => a - b);
}

/** What `after` has more than `before`: hours only ever grow. */
export function diffHours(before: readonly HourCounts[], after: readonly HourCounts[]): HourCounts[] {
  const known = new Map(before.map((entry) => [entry[0], entry]));
  return after.flatMap(([hour, delivered, viewed, clicked]): HourCounts[] => {
    const [, ...earlier] = known.get(hour) ?? [hour, 0, 0, 0];
    const more: HourCounts = [hour, delivered - earlier[0], viewed - earlier[1], clicked - earlier[2]];
    return more[1] === 0 && more[2] === 0 && more[3] === 0 ? [] : [more];
  });
}

/** Failed deliveries with one of these reasons; null: with any. */
export function countFailed(totals: Totals, reasons: readonly FailureReason[] | null): number {
  const failed = totals.flatMap((channel) => channel.failed);
  return sumCounts(failed.filter(([reason]) => reasons === null || (reasons as string[]).includes(reason)));
}

/** True where something may still be given another attempt, and is rendered again then. */
export function mayFailAgain(totals: Totals): boolean {
  return totals.some(({ pending, failed }) => pending > 0 || failed.length > 0);
}

/** Targets that a shard has taken: each has a delivery, whatever its status, in every channel. */
export function acceptedOf(totals: Totals): number {
  return totals.length === 0 ? 0 : Math.min(...totals.map(sumOf));
}

/** Deliveries of one channel, whatever became of them. */
export function sumOf(channel: ChannelTotals): number {
  return settledOf(channel) + channel.pending;
}

/** True where every target of every channel is accounted for and none is pending. */
export function isComplete(totals: Totals, total: number): boolean {
  return totals.every((channel) => settledOf(channel) === total);
}

/** True where something failed and no channel delivered anything. */
export function isNothingDelivered(totals: Totals): boolean {
  const failed = totals.reduce((sum, channel) => sum + sumCounts(channel.failed), 0);
  return failed > 0 && totals.every(({ delivered }) => delivered === 0);
}

function settledOf({ delivered, cancelled, failed, skipped }: ChannelTotals): number {
  return delivered + cancelled + sumCounts(failed) + sumCounts(skipped);
}

function sumCounts(entries: readonly (readonly [string, number])[]): number {
  return entries.reduce((sum, [, count]) => sum + count, 0);
}

/** The sum of several shards' totals. */
export function sumTotals(channels: readonly ChannelRef[], parts: Iterable<Totals>): Totals {
  const sum = emptyTotals(channels);
  for (const totals of parts) {
    for (const channel of totals) {
      for (const status of ["delivered", "cancelled", "pending", "viewed", "clicked"] as const) {
        if (channel[status] > 0) addToTotals(sum, channel.channelKey, status, null, channel[status]);
      }
      for (const status of ["failed", "skipped"] as const) {
        for (const [reason, count] of channel[status]) {
          addToTotals(sum, channel.channelKey, status, reason, count);
        }
      }
      const into = sum.find(({ channelKey }) => channelKey === channel.channelKey);
      if (into !== undefined && channel.hours !== undefined) {
        into.hours = addHours(into.hours ?? [], channel.hours);
      }
    }
  }
  return sum;
}

/** The counts of a notification: what no shard has accounted for yet is pending, so the sum always closes. */
export function presentCounts(header: NotificationHeader, totals: Totals): Record<string, ChannelCounts> {
  return Object.fromEntries(
    header.channels.map(({ key, type }) => {
      const channel = totals.find((entry) => entry.channelKey === key) ?? emptyTotals([{ key, type }])[0];
      if (channel === undefined) throw new Error("unreachable");
      return [
        key,
        {
          type,
          total: header.total,
          delivered: channel.delivered,
          failed: Object.fromEntries(channel.failed),
          skipped: Object.fromEntries(channel.skipped),
          cancelled: channel.cancelled,
          pending: header.total - settledOf(channel),
          viewed: channel.viewed,
          clicked: channel.clicked,
        },
      ];
    }),
  );
}
