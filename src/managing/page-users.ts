import { TtlCache } from "../copies/cache.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { MAX_PAGE_BYTES, MAX_USERS_AT_ONCE } from "../model/limits.ts";
import { requireValue } from "../model/outcome.ts";
import { ANY_USER, type User, type UserFilter } from "../model/user.ts";
import { shardOfUser } from "../model/user-hash.ts";
import { AT_ONCE, askAll } from "../objects/kit/ask-all.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";

/** A part of an app's users. */
export interface UserPage {
  /** In their order, some at a time: what isn't taken yet isn't read. */
  parts: AsyncGenerator<User[]>;
  /** How many users fit in all. */
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
  return { parts: readParts(env, app, filter, parts), total: position };
}

/** What a shard has of a page. */
interface ShardPart {
  shard: number;
  offset: number;
  limit: number;
}

/** Of many shards at once, but no more of them than can be held; what they have beyond is asked for one by one. */
async function* readParts(
  env: Bindings,
  app: AppRecord,
  filter: UserFilter,
  parts: readonly ShardPart[],
): AsyncGenerator<User[]> {
  for (let start = 0; start < parts.length; start += AT_ONCE) {
    const group = parts.slice(start, start + AT_ONCE);
    const maxLength = Math.floor(MAX_USERS_AT_ONCE / group.length);
    const answers = await Promise.all(
      group.map(({ shard, offset, limit }) =>
        getShardStub(env, app.id, shard).listUsers(filter, { afterUid: "", offset, limit, maxLength }),
      ),
    );
    for (const [index, answer] of answers.entries()) {
      const { shard, limit } = group[index] ?? { shard: 0, limit: 0 };
      let { users, isCut } = answer;
      yield users;
      let left = limit - users.length;
      while (isCut && left > 0) {
        const slice = {
          afterUid: users.at(-1)?.uid ?? "",
          offset: 0,
          limit: left,
          maxLength: MAX_PAGE_BYTES,
        };
        ({ users, isCut } = await getShardStub(env, app.id, shard).listUsers(filter, slice));
        yield users;
        left -= users.length;
      }
    }
  }
}

/** How many users fit, deactivated ones too. With a filter each shard is asked, at most once a minute and isolate. */
export async function countUsers(env: Bindings, app: AppRecord, filter: UserFilter): Promise<number> {
  if (isSame(filter, ANY_USER)) {
    const quotas = requireValue(await getRegistryStub(env, app.id).readQuotas());
    return quotas.users.used ?? 0;
  }
  return (await countByShard(env, app, filter, true)).reduce((sum, count) => sum + count, 0);
}

async function countByShard(
  env: Bindings,
  app: AppRecord,
  filter: UserFilter,
  mayBeKnown: boolean,
): Promise<number[]> {
  const shards = Array.from({ length: app.shardCount }, (_, shard) => shard);
  if (isPlain(filter)) {
    const known = await getRegistryStub(env, app.id).listUserCounts();
    return askAll(
      shards,
      async (shard) => known[shard] ?? getShardStub(env, app.id, shard).countActiveUsers(),
    );
  }
  const cacheKey = `${app.id}:${JSON.stringify(filter)}`;
  const cached = mayBeKnown ? counted.get(cacheKey) : undefined;
  if (cached !== undefined) return cached;
  const asked = filter.uids === null ? null : new Set(filter.uids.map((uid) => shardOfUser(uid, app)));
  const counts = await askAll(shards, async (shard) =>
    asked === null || asked.has(shard) ? getShardStub(env, app.id, shard).countUsers(filter) : 0,
  );
  counted.set(cacheKey, counts);
  return counts;
}

/** True of the list of all active users, whose counts the registry has. */
function isPlain(filter: UserFilter): boolean {
  return isSame(filter, { ...ANY_USER, isActive: true });
}

function isSame(one: UserFilter, other: UserFilter): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
