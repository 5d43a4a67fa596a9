import { type Bindings, readConfig } from "../env.ts";
import { HOUR_MS } from "../model/counts.ts";
import { faultsToError } from "../model/errors.ts";
import { utcDay } from "../model/ids.ts";
import { listRefs } from "../model/ledger-list.ts";
import type { ChannelType } from "../model/notification.ts";
import type { SeriesPoint } from "../model/series.ts";
import { askAll } from "../objects/kit/ask-all.ts";
import type { NotificationRecord } from "../objects/ledger/contract.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";

export const GRANULARITIES = ["daily", "hourly"] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/** Hours of one point. */
export const STEP_HOURS: Record<Granularity, number> = { daily: 24, hourly: 1 };
const DAY_HOURS = 24;
/** An app of one ledger a day never has more: a ledger lives 121 days at the default retention. */
const MAX_LEDGERS = 4000;

/** A time range, Unix ms, both inclusive, and how it is cut. */
export interface SeriesRange {
  from: number;
  to: number;
  granularity: Granularity;
}

/** Which notifications count. Null: any. */
export interface SeriesFilter {
  templateKey: string | null;
  tag: string | null;
}

interface EventCounts {
  delivered: number;
  viewed: number;
  clicked: number;
}

/** Events of one channel type: all in all, and point by point, none left out. */
export interface ChannelSeries extends EventCounts {
  channelType: ChannelType;
  /** `hour`: the point's first, since 1970. */
  points: (EventCounts & { hour: number })[];
}

/**
 * What happened in a range, whenever its notifications were sent: from the ledgers of the days that can have such
 * notifications, one question each. `types` are shown also where nothing happened.
 */
export async function readSeries(
  env: Bindings,
  appId: string,
  range: SeriesRange,
  filter: SeriesFilter,
  types: readonly ChannelType[],
): Promise<ChannelSeries[]> {
  const { fromHour, toHour } = hoursOf(range);
  // A delivery can be seen for as long as it is kept.
  const oldest = fromHour * HOUR_MS - readConfig(env).retentionMs - DAY_HOURS * HOUR_MS;
  const registry = getRegistryStub(env, appId);
  const { days, nextDay } = await registry.listLedgers(utcDay(oldest), utcDay(range.to), MAX_LEDGERS);
  if (nextDay !== null) {
    const message = `must be later: the range is about more than ${MAX_LEDGERS} ledgers of this app`;
    throw faultsToError([{ field: "from", message }]);
  }
  const query = { fromHour, toHour, step: STEP_HOURS[range.granularity], ...filter };
  const found = await askAll(listRefs(days), (ledger) => getLedgerStub(env, appId, ledger).readSeries(query));
  return arrange(found.flat(), range, types);
}

/** The series of one notification, from its record. */
export function seriesOf({ header, totals }: NotificationRecord, range: SeriesRange): ChannelSeries[] {
  const { fromHour, toHour } = hoursOf(range);
  const step = STEP_HOURS[range.granularity];
  const points = totals.flatMap(({ channelKey, hours = [] }): SeriesPoint[] => {
    const channelType = header.channels.find(({ key }) => key === channelKey)?.type;
    if (channelType === undefined) return [];
    return hours
      .filter(([hour]) => hour >= fromHour && hour <= toHour)
      .map(([hour, delivered, viewed, clicked]) => ({
        hour: Math.floor(hour / step) * step,
        channelType,
        delivered,
        viewed,
        clicked,
      }));
  });
  return arrange(
    points,
    range,
    header.channels.map(({ type }) => type),
  );
}

/** The range's points: whole hours or whole days of UTC. */
export function hoursOf({ from, to, granularity }: SeriesRange): { fromHour: number; toHour: number } {
  const step = STEP_HOURS[granularity];
  const floor = (timeMs: number): number => Math.floor(timeMs / HOUR_MS / step) * step;
  return { fromHour: floor(from), toHour: floor(to) + step - 1 };
}

function arrange(
  found: readonly SeriesPoint[],
  range: SeriesRange,
  types: readonly ChannelType[],
): ChannelSeries[] {
  const { fromHour, toHour } = hoursOf(range);
  const step = STEP_HOURS[range.granularity];
  const shown = new Set([...types, ...found.map(({ channelType }) => channelType)]);
  return [...shown].sort().map((channelType) => {
    const ofType = found.filter((point) => point.channelType === channelType);
    const byHour = Map.groupBy(ofType, ({ hour }) => hour);
    const points = Array.from({ length: (toHour + 1 - fromHour) / step }, (_, index) => {
      const hour = fromHour + index * step;
      return { hour, ...sum(byHour.get(hour) ?? []) };
    });
    return { channelType, ...sum(ofType), points };
  });
}

function sum(counts: readonly EventCounts[]): EventCounts {
  const total = { delivered: 0, viewed: 0, clicked: 0 };
  for (const { delivered, viewed, clicked } of counts) {
    total.delivered += delivered;
    total.viewed += viewed;
    total.clicked += clicked;
  }
  return total;
}
