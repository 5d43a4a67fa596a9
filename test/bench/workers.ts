import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import * as v from "valibot";
import { unstable_readConfig } from "wrangler";
import { ROOT } from "../../scripts/wrangler.ts";

export const ADMIN_TOKEN = "bench-admin-token";
const SECRETS_KEY = "the bench's own key for the secrets of apps";
const named = <K extends string>(keys: readonly K[]) =>
  v.array(v.object(v.entriesFromList(keys, v.string())));
const ConfigSchema = v.object({
  compatibility_date: v.string(),
  vars: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  durable_objects: v.object({ bindings: named(["name", "class_name"]) }),
  kv_namespaces: named(["binding"]),
  r2_buckets: named(["binding"]),
  queues: v.object({
    producers: named(["binding", "queue"]),
    consumers: v.array(
      v.object({
        queue: v.string(),
        max_batch_size: v.number(),
        max_batch_timeout: v.number(),
        max_retries: v.number(),
        retry_delay: v.number(),
        dead_letter_queue: v.optional(v.string()),
      }),
    ),
  }),
});
/** wrangler.toml: what is measured is bound as what is deployed. */
const CONFIG = v.parse(ConfigSchema, unstable_readConfig({ config: join(ROOT, "wrangler.toml") }));

interface OnecallOptions {
  inspectorPort?: number;
  /** A folder for the state, which stays after the stop: another Worker can go on with it. */
  state?: string;
  /** In place of wrangler.toml's. */
  variables?: Record<string, string>;
  serviceBindings?: Options["serviceBindings"];
}

/** A Worker that answers on `url` until it is stopped; its state is on disk, as in production. */
export interface BenchWorker {
  url: string;
  /** Ends the process and starts it again with the same state, on the same port. */
  restart(): Promise<void>;
  /** A value of the KV namespace, as text. */
  readCopy(key: string): Promise<string | null>;
  stop(): Promise<void>;
}

/** Onecall's script, bundled by wrangler as for a deploy. */
export async function bundleOnecall(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "onecall-bundle-"));
  try {
    await promisify(execFile)("wrangler", ["deploy", "--dry-run", "--outdir", folder]);
    return await readFile(join(folder, "index.js"), "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Onecall as deployed, on Miniflare: `wrangler dev`'s proxy would be measured too. */
export function startOnecall(script: string, options: OnecallOptions = {}): Promise<BenchWorker> {
  return startWithBindings([esModule("onecall-bundle.js", script)], options);
}

/** Onecall inside network-entry.ts, whose calls out don't pass through Miniflare's own Worker. */
export function startOnecallOnNetwork(script: string, options: OnecallOptions = {}): Promise<BenchWorker> {
  const serviceBindings = { NETWORK: { network: { allow: ["public", "private"] } } };
  return startInside(["network-entry.ts"], script, { ...options, serviceBindings });
}

/** Onecall inside counting-entry.ts, which counts what is billed. */
export function startCountingOnecall(script: string): Promise<BenchWorker> {
  return startInside(["counting-entry.ts", "billable-counts.ts"], script);
}

/** Onecall inside past-ledgers-entry.ts, which can write ledgers of days that are over. */
export function startOnecallWithPast(script: string): Promise<BenchWorker> {
  return startInside(["past-ledgers-entry.ts"], script);
}

/** Onecall inside days-entry.ts, whose objects can be given the rows of many days. */
export function startOnecallWithDays(script: string): Promise<BenchWorker> {
  return startInside(["days-entry.ts", "days-rows.ts"], script);
}

/** Onecall inside feeds-entry.ts: the same, and its queues are served. */
export function startOnecallWithSegments(script: string): Promise<BenchWorker> {
  return startInside(["feeds-entry.ts", "days-entry.ts", "days-rows.ts"], script);
}

/** The first of these modules is the Worker's entry, around Onecall's own. */
async function startInside(
  names: readonly string[],
  script: string,
  options: OnecallOptions = {},
): Promise<BenchWorker> {
  const own = names.map(async (name) => {
    const source = await readFile(new URL(name, import.meta.url), "utf8");
    return esModule(name, stripTypeScriptTypes(source));
  });
  return startWithBindings([...(await Promise.all(own)), esModule("onecall-bundle.js", script)], options);
}

async function startWithBindings(
  modules: EsModule[],
  { variables, state: kept, ...options }: OnecallOptions = {},
): Promise<BenchWorker> {
  const state = kept ?? (await mkdtemp(join(tmpdir(), "onecall-bench-")));
  const worker = await start(state, {
    ...options,
    modules,
    bindings: { ADMIN_TOKEN, SECRETS_KEY, ...CONFIG.vars, ...variables },
    durableObjects: Object.fromEntries(
      CONFIG.durable_objects.bindings.map(({ name, class_name: className }) => [
        name,
        { className, useSQLite: true },
      ]),
    ),
    kvNamespaces: CONFIG.kv_namespaces.map(({ binding }) => binding),
    r2Buckets: CONFIG.r2_buckets.map(({ binding }) => binding),
    queueProducers: Object.fromEntries(CONFIG.queues.producers.map(({ binding, queue }) => [binding, queue])),
    queueConsumers: Object.fromEntries(
      CONFIG.queues.consumers.map((consumer) => [
        consumer.queue,
        {
          maxBatchSize: consumer.max_batch_size,
          maxBatchTimeout: consumer.max_batch_timeout,
          maxRetries: consumer.max_retries,
          retryDelay: consumer.retry_delay,
          ...(consumer.dead_letter_queue === undefined
            ? {}
            : { deadLetterQueue: consumer.dead_letter_queue }),
        },
      ]),
    ),
  });
  return kept === undefined ? removingAfter(worker, state) : worker;
}

function removingAfter(worker: BenchWorker, folder: string): BenchWorker {
  return {
    ...worker,
    async stop() {
      await worker.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The floor of a durable realtime send: one call to one of 64 objects, which does one INSERT. */
export async function startFloor(): Promise<BenchWorker> {
  const state = await mkdtemp(join(tmpdir(), "onecall-floor-"));
  const worker = await start(state, {
    modules: [esModule("floor.js", FLOOR_SCRIPT)],
    durableObjects: { STORE: { className: "Store", useSQLite: true } },
  });
  return removingAfter(worker, state);
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
    if (new URL(request.url).pathname === "/twice")
      await env.STORE.getByName(String(63 - shard)).insert(id, userId, JSON.stringify(body.template));
    return Response.json({ id });
  },
};`;

type Options = Extract<Parameters<typeof convertV4MiniflareOptions>[0], { modules: readonly unknown[] }>;

interface EsModule {
  type: "ESModule";
  path: string;
  contents: string;
}

/** The first of a Worker's modules is its entry. */
function esModule(path: string, contents: string): EsModule {
  return { type: "ESModule", path, contents };
}

async function start(state: string, options: Options): Promise<BenchWorker> {
  const begin = (port: number): Miniflare =>
    new Miniflare(
      convertV4MiniflareOptions({
        compatibilityDate: CONFIG.compatibility_date,
        resourcePersistencePath: state,
        port,
        ...options,
      }),
    );
  let miniflare = begin(0);
  const url = String(await miniflare.ready).replace(/\/$/, "");
  return {
    url,
    async restart() {
      await miniflare.dispose();
      miniflare = begin(Number(new URL(url).port));
      await miniflare.ready;
    },
    readCopy: async (key) => (await miniflare.getKVNamespace("CONFIG")).get(key, "text"),
    stop: () => miniflare.dispose(),
  };
}
