import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { keys } from "../model/keys.ts";
import { WAKE_OBJECTS_PER_RUN, WAKE_ROUND_MS } from "../model/limits.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import { getEndpointStub } from "../objects/webhook-endpoint/contract.ts";

/**
 * The platform gives an alarm up that has failed six times, for one as long as a deployment is wrong: then nothing
 * wakes its object until somebody calls it. A cron trigger asks every object of every app once a day to set its alarm
 * where it has something to do and none is set.
 */

/** Objects that are asked at the same time. */
const AT_ONCE = 20;
const APPS_PER_PAGE = 50;

/** How far a round is. Between two runs apps may come and go: what is left out then has its turn in the next round. */
const ProgressSchema = v.object({
  startedAt: v.number(),
  isDone: v.boolean(),
  /** KV's, of the page of apps. */
  cursor: v.nullable(v.string()),
  /** In that page. */
  app: v.number(),
  /** How many of the app's objects were asked. */
  objects: v.number(),
});
type Progress = v.InferOutput<typeof ProgressSchema>;

/** Goes on with the round, or begins the day's. Asks at most `limit` objects. */
export async function wakeObjects(
  env: Bindings,
  now: number,
  limit: number = WAKE_OBJECTS_PER_RUN,
): Promise<void> {
  const known = await readProgress(env);
  if (known?.isDone && now - known.startedAt < WAKE_ROUND_MS) return;
  const isNew = known === null || known.isDone;
  const progress = isNew ? { startedAt: now, isDone: false, cursor: null, app: 0, objects: 0 } : known;
  let left = limit;
  while (left > 0 && !progress.isDone) left -= await wakePage(env, progress, left);
  await env.CONFIG.put(keys.kvWakeProgress, JSON.stringify(progress));
}

/** Asks objects of the apps of one page, and moves the progress on. Returns what that used of the limit. */
async function wakePage(env: Bindings, progress: Progress, limit: number): Promise<number> {
  const { cursor } = progress;
  const page = await env.CONFIG.list({ prefix: keys.kvAppPrefix, limit: APPS_PER_PAGE, cursor });
  let used = 1;
  while (progress.app < page.keys.length && used <= limit) {
    const appId = page.keys[progress.app]?.name.slice(keys.kvAppPrefix.length) ?? "";
    const objects = await listObjects(env, appId);
    const asked = objects.slice(progress.objects, progress.objects + limit - used + 1);
    await wakeAll(appId, asked);
    used += Math.max(1, asked.length);
    progress.objects += asked.length;
    if (progress.objects < objects.length) return used;
    progress.app++;
    progress.objects = 0;
  }
  if (progress.app < page.keys.length) return used;
  progress.app = 0;
  if (page.list_complete) progress.isDone = true;
  else progress.cursor = page.cursor;
  return used;
}

type Wake = () => Promise<void>;

/** Everything that an app has, always in the same order. Nothing of an app that is gone. */
async function listObjects(env: Bindings, appId: string): Promise<Wake[]> {
  const registry = getRegistryStub(env, appId);
  const parts = await registry.listObjects().catch((error: unknown) => {
    console.error({ message: "an app's objects aren't known", app: appId, error });
    return null;
  });
  if (parts === null) return [];
  return [
    () => registry.ensureAlarm(),
    ...parts.ledgers.map((ledger) => () => getLedgerStub(env, appId, ledger).ensureAlarm()),
    ...Array.from(
      { length: parts.shardCount },
      (_, shard) => () => getShardStub(env, appId, shard).ensureAlarm(),
    ),
    ...parts.webhookIds.map((id) => () => getEndpointStub(env, appId, id).ensureAlarm()),
  ];
}

/** One that can't be reached has its turn in the next round. */
async function wakeAll(appId: string, wakes: readonly Wake[]): Promise<void> {
  for (let start = 0; start < wakes.length; start += AT_ONCE) {
    const results = await Promise.allSettled(wakes.slice(start, start + AT_ONCE).map((wake) => wake()));
    const failed = results.filter((result) => result.status === "rejected");
    if (failed.length === 0) continue;
    const [{ reason }] = failed as [PromiseRejectedResult];
    console.error({ message: "objects weren't woken", app: appId, objects: failed.length, error: reason });
  }
}

async function readProgress(env: Bindings): Promise<Progress | null> {
  const stored = await env.CONFIG.get(keys.kvWakeProgress, "json");
  const parsed = v.safeParse(ProgressSchema, stored);
  return parsed.success ? parsed.output : null;
}
