import { readFromLedger } from "../copies/known-ledgers.ts";
import { type Bindings, readConfig } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { isComplete } from "../model/counts.ts";
import { firstIdAt, parseNotificationId, utcDay } from "../model/ids.ts";
import type { LedgerDay } from "../model/ledger-list.ts";
import type { Mode, NotificationState } from "../model/notification.ts";
import { askAll } from "../objects/kit/ask-all.ts";
import type { NotificationFilter, NotificationPage, NotificationRecord } from "../objects/ledger/contract.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Ledgers that one page visits, or those of one day where these are more; a page that ends there has a cursor. */
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
  if (shard === null || shard >= app.shardCount) return readFromLedger(env, app.id, parts, id);
  const noteFault = (error: unknown): null => {
    console.error({ message: "a ledger or its shard is unreachable", app: app.id, day, error });
    return null;
  };
  const known = await readFromLedger(env, app.id, parts, id).catch(noteFault);
  // One that still waits for its pushes may have news in the shard.
  if (known !== null && known.completedAt !== null) return known;
  await getShardStub(env, app.id, shard).flush().catch(noteFault);
  const reported = await readFromLedger(env, app.id, parts, id).catch(noteFault);
  return reported ?? known ?? describeFromShard(env, app.id, shard, id);
}

export interface NotificationListFilter {
  tag?: string | undefined;
  templateKey?: string | undefined;
  mode?: Mode | undefined;
  state?: NotificationState | undefined;
  hasFailures?: boolean | undefined;
  /** Unix ms, both inclusive. */
  from?: number | null | undefined;
  to?: number | null | undefined;
  /** Only ids below this one: the cursor. */
  beforeId: string | null;
  limit: number;
}

/**
 * Newest first, day by day. `nextBeforeId` is null at the end. A page can be short of its limit where many
 * days had nothing that fits, or much that doesn't: each page visits a bounded number of ledgers, and each of these
 * looks at a bounded number of rows.
 */
export async function listNotifications(
  env: Bindings,
  appId: string,
  filter: NotificationListFilter,
): Promise<{ records: NotificationRecord[]; nextBeforeId: string | null }> {
  const { tag = null, templateKey = null, mode = null, state = null, hasFailures = null, limit } = filter;
  const { from, to } = { from: filter.from ?? null, to: filter.to ?? null };
  const ends = [filter.beforeId, to === null ? null : firstIdAt(to + 1)].filter((end) => end !== null);
  const beforeId = ends.sort()[0] ?? null;
  const fromId = from === null ? null : firstIdAt(from);
  const toDay = beforeId === null ? null : (parseNotificationId(beforeId)?.day ?? null);
  const fromDay = from === null ? null : utcDay(from);
  const registry = getRegistryStub(env, appId);
  const { days, nextDay } = await registry.listLedgers(fromDay, toDay, LEDGERS_PER_PAGE);
  const records: NotificationRecord[] = [];
  for (const day of days) {
    const wanted = limit + 1 - records.length;
    if (wanted <= 0) break;
    const found = await listDay(env, appId, day, {
      tag,
      templateKey,
      mode,
      state,
      hasFailures,
      fromId,
      beforeId,
      limit: wanted,
    });
    records.push(...found.records);
    if (found.endedAt !== null) return { records: records.slice(0, limit), nextBeforeId: found.endedAt };
  }
  const page = records.slice(0, limit);
  if (records.length > limit) return { records: page, nextBeforeId: page.at(-1)?.header.id ?? null };
  return {
    records: page,
    nextBeforeId: nextDay === null ? null : firstIdAt(Date.parse(nextDay) + DAY_MS),
  };
}

/** A day's notifications, newest first: those of its ledgers, merged. */
async function listDay(
  env: Bindings,
  appId: string,
  { day, slots }: LedgerDay,
  filter: NotificationFilter,
): Promise<NotificationPage> {
  const pages = await askAll(slots, (slot) => getLedgerStub(env, appId, { day, slot }).list(filter));
  const records = pages
    .flatMap((page) => page.records)
    .sort((a, b) => (a.header.id > b.header.id ? -1 : 1))
    .slice(0, filter.limit);
  // Below it, one of the ledgers hasn't looked.
  const endedAt = pages
    .map((page) => page.endedAt ?? "")
    .sort()
    .at(-1);
  if (!endedAt) return { records, endedAt: null };
  const seen = records.filter(({ header }) => header.id >= endedAt);
  return seen.length < filter.limit ? { records: seen, endedAt } : { records: seen, endedAt: null };
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
  const described = await getShardStub(env, appId, shard).describe(id);
  if (described === null) return null;
  const { header, totals, attempt } = described;
  const completedAt = isComplete(totals, header.total) ? header.createdAt : null;
  return { header, totals, completedAt, attempt };
}
