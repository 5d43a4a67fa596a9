import type { AppRecord } from "../apps/records.ts";
import { openRegistry } from "../apps/registry-binding.ts";
import { type Bindings, readConfig } from "../env.ts";
import { firstIdAt, parseNotificationId, utcDay } from "../ids.ts";
import { openShard } from "../users/shard-binding.ts";
import { isComplete } from "./counts.ts";
import { openLedger } from "./ledger-binding.ts";
import type { NotificationRecord } from "./ledger-store.ts";
import type { Mode } from "./model.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Ledgers that one page visits at most; a page that ends there is short and has a cursor. */
const LEDGERS_PER_PAGE = 31;

/**
 * A notification by its id, from the moment the id was answered: where the ledger doesn't know all of it
 * yet, the shard of a realtime send is asked to report first; where the ledger can't be reached, the shard answers.
 */
export async function findNotification(
  env: Bindings,
  app: AppRecord,
  id: string,
): Promise<NotificationRecord | null> {
  const parts = parseNotificationId(id);
  if (parts === null || !isKept(env, parts.timeMs)) return null;
  const { day, shard } = parts;
  if (shard === null || shard >= app.shardCount) return openLedger(env, app.id, day).get(id);
  let known: NotificationRecord | null = null;
  try {
    known = await openLedger(env, app.id, day).get(id);
    // One that still waits for its pushes may have news in the shard.
    if (known !== null && known.completedAt !== null) return known;
    await openShard(env, app.id, shard).flush();
    return await openLedger(env, app.id, day).get(id);
  } catch (error) {
    console.error({ message: "a ledger or its shard is unreachable", app: app.id, day, error });
    if (known !== null) return known;
    return describeFromShard(env, app.id, shard, id);
  }
}

export interface NotificationListFilter {
  tag: string | null;
  templateKey: string | null;
  mode: Mode | null;
  /** Unix ms, both inclusive. */
  from: number | null;
  to: number | null;
  /** Only ids below this one: the cursor. */
  beforeId: string | null;
  limit: number;
}

/**
 * Newest first, day by day. `nextBeforeId` is null at the end. A page can be short of its limit where many
 * days had nothing that fits: each page visits a bounded number of ledgers.
 */
export async function listNotifications(
  env: Bindings,
  appId: string,
  filter: NotificationListFilter,
): Promise<{ records: NotificationRecord[]; nextBeforeId: string | null }> {
  const { tag, templateKey, mode, limit } = filter;
  const ends = [filter.beforeId, filter.to === null ? null : firstIdAt(filter.to + 1)].filter(
    (end) => end !== null,
  );
  const beforeId = ends.sort()[0] ?? null;
  const fromId = filter.from === null ? null : firstIdAt(filter.from);
  const toDay = beforeId === null ? null : (parseNotificationId(beforeId)?.day ?? null);
  const fromDay = filter.from === null ? null : utcDay(filter.from);
  const days = await openRegistry(env, appId).listLedgers(fromDay, toDay, LEDGERS_PER_PAGE + 1);
  const records: NotificationRecord[] = [];
  for (const day of days.slice(0, LEDGERS_PER_PAGE)) {
    const wanted = limit + 1 - records.length;
    if (wanted <= 0) break;
    const found = await openLedger(env, appId, day).list({
      ...{ tag, templateKey, mode, fromId, beforeId },
      limit: wanted,
    });
    records.push(...found);
  }
  const page = records.slice(0, limit);
  if (records.length > limit) return { records: page, nextBeforeId: page.at(-1)?.header.id ?? null };
  const nextDay = days[LEDGERS_PER_PAGE];
  return {
    records: page,
    nextBeforeId: nextDay === undefined ? null : firstIdAt(Date.parse(nextDay) + DAY_MS),
  };
}

// An id of a day that no ledger can have isn't asked for: asking creates an object.
function isKept(env: Bindings, timeMs: number): boolean {
  const oldest = Date.now() - readConfig(env).retentionMs - 32 * DAY_MS;
  return timeMs > oldest && timeMs < Date.now() + DAY_MS;
}

async function describeFromShard(
  env: Bindings,
  appId: string,
  shard: number,
  id: string,
): Promise<NotificationRecord | null> {
  const described = await openShard(env, appId, shard).describe(id);
  if (described === null) return null;
  const { header, totals, attempt } = described;
  const completedAt = isComplete(totals, header.total) ? header.createdAt : null;
  return { header, totals, completedAt, attempt };
}
