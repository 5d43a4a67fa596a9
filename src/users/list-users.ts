import type { AppRecord } from "../apps/records.ts";
import type { Bindings } from "../env.ts";
import { askAll } from "../objects/ask-all.ts";
import { openShard } from "./shard-binding.ts";
import type { User, UserFilter } from "./user-model.ts";

/** A page of an app's users, ordered by uid: each shard gives its first ones, and the smallest are taken. */
export async function listUsers(
  env: Bindings,
  app: AppRecord,
  filter: UserFilter,
  { afterUid, limit }: { afterUid: string; limit: number },
): Promise<User[]> {
  const slice = { afterUid, offset: 0, limit };
  const shards = Array.from({ length: app.shardCount }, (_, shard) => shard);
  const pages = await askAll(shards, (shard) => openShard(env, app.id, shard).listUsers(filter, slice));
  return pages
    .flat()
    .sort((a, b) => compareBytes(a.uid, b.uid))
    .slice(0, limit);
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
