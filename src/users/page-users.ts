import type { AppRecord } from "../apps/records.ts";
import { openRegistry } from "../apps/registry-binding.ts";
import { TtlCache } from "../cache.ts";
import type { Bindings } from "../env.ts";
import { askAll } from "../objects/ask-all.ts";
import { shardOfUser } from "./hash.ts";
import { openShard } from "./shard-binding.ts";
import { ANY_USER, type User, type UserFilter } from "./user-model.ts";

/** A part of an app's users. */
export interface UserPage {
  users: User[];
  /** Of all that fit. */
  total: number;
}

/** Of lists with a filter: what their first page counted, so that the next ones need no count of their own. */
const counted = new TtlCache<number[]>({ ttlMs: 60_000, maxEntries: 200 });

/**
 * The users from the `offset`th on, shard by shard, by uid in each: an order that doesn't change, and in which the
 * shards' counts say who has the page. It costs a call to the registry and one to each shard that has part of the
 * page; with a filter the first page also asks each shard how many fit.
 */
export async function pageUsers(
  env: Bindings,
  app: AppRecord,
  filter: UserFilter,
  offset: number,
  limit: number,
): Promise<UserPage> {
  const counts = await countByShard(env, app, filter, offset > 0);
  let position = 0;
  const parts = counts.flatMap((count, shard) => {
    const start = position;
    position += count;
    const from = Math.max(start, offset);
    const end = Math.min(start + count, offset + limit);
    return from < end ? [{ shard, offset: from - start, limit: end - from }] : [];
  });
  const pages = await askAll(parts, ({ shard, ...slice }) =>
    openShard(env, app.id, shard).listUsers(filter, { afterUid: "", ...slice }),
  );
  return { users: pages.flat(), total: position };
}

async function countByShard(
  env: Bindings,
  app: AppRecord,
  filter: UserFilter,
  mayBeKnown: boolean,
): Promise<number[]> {
  const shards = Array.from({ length: app.shardCount }, (_, shard) => shard);
  if (isPlain(filter)) {
    const known = await openRegistry(env, app.id).listUserCounts();
    return askAll(shards, async (shard) => known[shard] ?? openShard(env, app.id, shard).countActiveUsers());
  }
  const cacheKey = `${app.id}:${JSON.stringify(filter)}`;
  const cached = mayBeKnown ? counted.get(cacheKey) : undefined;
  if (cached !== undefined) return cached;
  const asked = filter.uids === null ? null : new Set(filter.uids.map((uid) => shardOfUser(uid, app)));
  const counts = await askAll(shards, async (shard) =>
    asked === null || asked.has(shard) ? openShard(env, app.id, shard).countUsers(filter) : 0,
  );
  counted.set(cacheKey, counts);
  return counts;
}

/** True of the list of all active users, whose counts the registry has. */
function isPlain(filter: UserFilter): boolean {
  return JSON.stringify(filter) === JSON.stringify({ ...ANY_USER, isActive: true });
}
