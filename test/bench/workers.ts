import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

export const ADMIN_TOKEN = "bench-admin-token";
const COMPATIBILITY_DATE = "2026-11-01";
const QUEUES = ["high", "normal", "low"];

/** A Worker that answers on `url` until it is stopped; its state is on disk, as in production. */
export interface BenchWorker {
  url: string;
  stop(): Promise<void>;
}

/** Onecall, bundled by wrangler as for a deploy, on Miniflare: `wrangler dev`'s proxy would be measured too. */
export async function startOnecall(): Promise<BenchWorker> {
  const state = await mkdtemp(join(tmpdir(), "onecall-bench-"));
  await promisify(execFile)("wrangler", ["deploy", "--dry-run", "--outdir", join(state, "bundle")]);
  const consumer = {
    maxBatchSize: 4,
    maxBatchTimeout: 0,
    maxRetries: 5,
    deadLetterQueue: "onecall-dead-letters",
  };
  const queueNames = QUEUES.map((priority) => `onecall-deliveries-${priority}`);
  return start(state, {
    script: await readFile(join(state, "bundle", "index.js"), "utf8"),
    bindings: { ADMIN_TOKEN, STALL_SECONDS: 60, RETENTION_DAYS: 90 },
    durableObjects: {
      REGISTRY: { className: "Registry", useSQLite: true },
      LEDGER: { className: "Ledger", useSQLite: true },
      USER_SHARD: { className: "UserShard", useSQLite: true },
    },
    kvNamespaces: ["CONFIG"],
    r2Buckets: ["TARGETS"],
    queueProducers: Object.fromEntries(
      QUEUES.map((priority) => [`DELIVERIES_${priority.toUpperCase()}`, `onecall-deliveries-${priority}`]),
    ),
    queueConsumers: Object.fromEntries([
      ...queueNames.map((name) => [name, consumer]),
      ["onecall-dead-letters", { maxBatchSize: 10, maxBatchTimeout: 5 }],
    ]),
  });
}

/** The floor of a durable realtime send: one call to one of 64 objects, which does one INSERT. */
export async function startFloor(): Promise<BenchWorker> {
  const state = await mkdtemp(join(tmpdir(), "onecall-floor-"));
  return start(state, {
    script: FLOOR_SCRIPT,
    durableObjects: { STORE: { className: "Store", useSQLite: true } },
  });
}

const FLOOR_SCRIPT = `
import { DurableObject } from "cloudflare:workers";
export class Store extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, user_id TEXT, content TEXT) WITHOUT ROWID");
  }
  insert(id, userId, content) {
    this.ctx.storage.sql.exec("INSERT INTO rows (id, user_id, content) VALUES (?, ?, ?)", id, userId, content);
  }
}
export default {
  async fetch(request, env) {
    const body = await request.json();
    const [userId] = body.targets;
    const id = crypto.randomUUID();
    const shard = Number(userId.slice(userId.lastIndexOf("-") + 1)) % 64;
    await env.STORE.getByName(String(shard)).insert(id, userId, JSON.stringify(body.template));
    return Response.json({ id });
  },
};`;

type Options = Parameters<typeof convertV4MiniflareOptions>[0];

async function start(
  state: string,
  options: { script: string } & Record<string, unknown>,
): Promise<BenchWorker> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      compatibilityDate: COMPATIBILITY_DATE,
      durableObjectsPersist: join(state, "do"),
      kvPersist: join(state, "kv"),
      r2Persist: join(state, "r2"),
      ...options,
    } as Options),
  );
  const url = String(await miniflare.ready).replace(/\/$/, "");
  return {
    url,
    async stop() {
      await miniflare.dispose();
      await rm(state, { recursive: true, force: true });
    },
  };
}
