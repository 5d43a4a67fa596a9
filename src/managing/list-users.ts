import type { Bindings } from "../env.ts";
import { fitPage } from "../http/pagination.ts";
import type { AppRecord } from "../model/app.ts";
import { MAX_USERS_AT_ONCE } from "../model/limits.ts";
import type { User, UserFilter } from "../model/user.ts";
import { AT_ONCE } from "../objects/kit/ask-all.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";

/** Users by uid, from a certain one on. */
export interface UserRange {
  users: User[];
  hasMore: boolean;
}

/**
 * A page of an app's users, ordered by uid: each shard gives its first ones, and the smallest are taken. It is
 * shorter than `limit` where they come to a megabyte, or where a shard's first ones are longer than its share of
 * what is held at once.
 */
export async function listUsers(
  env: Bindings,
  app: AppRecord,
  filter: UserFilter,
  { afterUid, limit }: { afterUid: string; limit: number },
): Promise<UserRange> {
  const maxLength = Math.floor(MAX_USERS_AT_ONCE / Math.min(AT_ONCE, app.shardCount));
  const slice = { afterUid, offset: 0, limit: limit + 1, maxLength };
  let found: User[] = [];
  /** A shard that was cut has more behind its last one, so nothing beyond is known to be next. */
  let knownUntil: string | null = null;
  for (let start = 0; start < app.shardCount; start += AT_ONCE) {
    const count = Math.min(AT_ONCE, app.shardCount - start);
    const parts = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        getShardStub(env, app.id, start + index).listUsers(filter, slice),
      ),
    );
    for (const { users, isCut } of parts) {
      const last = users.at(-1)?.uid;
      if (!isCut || last === undefined) continue;
      knownUntil = knownUntil === null || compareBytes(last, knownUntil) < 0 ? last : knownUntil;
    }
    found = [...found, ...parts.flatMap(({ users }) => users)].sort((a, b) => compareBytes(a.uid, b.uid));
    // One more says that there are more.
    found = found.slice(0, Math.min(limit, fitPage(found.slice(0, limit)).length) + 1);
  }
  const end = knownUntil;
  const known = end === null ? found : found.filter(({ uid }) => compareBytes(uid, end) <= 0);
  const users = fitPage(known.slice(0, limit));
  return { users, hasMore: end !== null || known.length > users.length };
}

// SQLite orders text by its UTF-8 bytes, which is the order of code points.
function compareBytes(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
