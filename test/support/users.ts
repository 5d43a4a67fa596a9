import { env } from "cloudflare:workers";
import type { AppRecord } from "../../src/model/app.ts";
import { shardOfUser } from "../../src/model/user-hash.ts";
import { getRegistryStub } from "../../src/objects/registry/contract.ts";

type App = { id: string };

/** `user-0` and those that follow. */
export const uidsOf = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

/** The app's record: it says where its users are. */
export async function recordOf(app: App): Promise<AppRecord> {
  const record = await getRegistryStub(env, app.id).getApp();
  if (record === null) throw new Error(`There is no app ${app.id}`);
  return record;
}

export async function shardOf(app: App, userId: string): Promise<number> {
  return shardOfUser(userId, await recordOf(app));
}

/** A user's shard. */
export async function shardStubOf(app: App, userId: string): Promise<DurableObjectStub<undefined>> {
  return env.USER_SHARD.getByName(`${app.id}:${await shardOf(app, userId)}`);
}

/** `count` users of one shard: they share its circuits, and their chunk has a single run. */
export async function usersOfShard(app: App, shard: number, count: number): Promise<string[]> {
  const record = await recordOf(app);
  if (shard >= record.shardCount)
    throw new Error(`The app has ${record.shardCount} shards, none is ${shard}`);
  const users: string[] = [];
  for (let index = 0; users.length < count; index++) {
    if (shardOfUser(`user-${index}`, record) === shard) users.push(`user-${index}`);
  }
  return users;
}
