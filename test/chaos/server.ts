import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import type { EvictedObject } from "./plan.ts";
import type { FaultCounts } from "./worker/message-faults.ts";
import { parseSettledLine } from "./worker/settled.ts";

const WRANGLER_TOML = new URL("../../wrangler.toml", import.meta.url);
const ENTRY = fileURLToPath(new URL("worker/entry.ts", import.meta.url));
const ASSETS = fileURLToPath(new URL("../../build/assets", import.meta.url));
const CALL_TIMEOUT_MS = 5000;

/** In place of wrangler.toml's, so that healing takes seconds: printed with each run. */
export const VARIABLES = {
  STALL_SECONDS: "0.5",
  PUSH_TIMEOUT_SECONDS: "1.5",
  PUSH_RETRY_SECONDS: "0.2",
  PUSH_PROBE_SECONDS: "0.5",
  WEBHOOK_TIMEOUT_SECONDS: "3",
};
/** How long a claim of pushes is held: six timeouts (src/env.ts). */
export const LEASE_MS = 6 * 1000 * Number(VARIABLES.PUSH_TIMEOUT_SECONDS);

/** A time, Unix ms, in which the Worker was killed: from just before SIGKILL to when all its processes had ended. */
export interface Kill {
  from: number;
  to: number;
}

/**
 * Onecall under `npm start`, with test/chaos/worker/entry.ts around it: the same wrangler, the same wrangler.toml but
 * for `main`, and a process group of its own that can be killed whole.
 */
export class ChaosServer {
  readonly kills: Kill[] = [];
  /** When pushes were first written down as taken, Unix ms, by name: none of them may be sent after it. */
  readonly settled = new Map<string, number>();
  readonly appId: string;
  /** Of the app's endpoint, once there is one. */
  webhookId = "";
  readonly #folder: string;
  readonly #entry: string;
  readonly #seed: number;
  readonly #providersUrl: string;
  #worker: LocalWorker | null = null;
  #starts = 0;
  #adminToken = "";
  #counts: FaultCounts[] = [];
  /** The beginning of a line that hasn't ended yet. */
  #lineStart = "";

  /** `entry`: in place of the chaos Worker's own. */
  constructor(options: {
    folder: string;
    seed: number;
    providersUrl: string;
    appId: string;
    entry?: string | undefined;
  }) {
    this.#entry = options.entry ?? ENTRY;
    this.#folder = options.folder;
    this.#seed = options.seed;
    this.#providersUrl = options.providersUrl;
    this.appId = options.appId;
  }

  /** Null while it is down. */
  get url(): string | null {
    return this.#worker?.url ?? null;
  }

  get adminToken(): string {
    return this.#adminToken;
  }

  /** Where all that it printed is. */
  get logFile(): string {
    return join(this.#folder, "worker.log");
  }

  async start(): Promise<void> {
    const config = join(this.#folder, "wrangler.toml");
    const toml = await readFile(WRANGLER_TOML, "utf8");
    const own = toml
      .replace('main = "src/index.ts"', `main = ${JSON.stringify(this.#entry)}`)
      .replace('directory = "build/assets"', `directory = ${JSON.stringify(ASSETS)}`);
    await writeFile(config, own);
    // The one before may have been killed in the middle of a line.
    this.#lineStart = "";
    this.#starts++;
    const start = this.#starts;
    const worker = await startLocalWorker({
      config,
      persistTo: join(this.#folder, "state"),
      providers: this.#providersUrl,
      variables: { ...VARIABLES, CHAOS_SEED: String(this.#seed), CHAOS_START: String(start) },
      onLog: (text) => this.#readLog(text),
    });
    this.#adminToken = worker.adminToken;
    this.#worker = worker;
  }

  #readLog(text: string): void {
    void appendFile(this.logFile, `${new Date().toISOString()} ${text}`);
    const lines = (this.#lineStart + text).split("\n");
    this.#lineStart = lines.pop() ?? "";
    for (const line of lines) {
      const settled = parseSettledLine(line);
      for (const name of settled?.names ?? []) {
        if (!this.settled.has(name)) this.settled.set(name, settled?.at ?? 0);
      }
    }
  }

  /** SIGKILL to the whole process group, at once. */
  async kill(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    const from = Date.now();
    const killed = worker.kill();
    this.#worker = null;
    await killed;
    this.kills.push({ from, to: Date.now() });
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = null;
  }

  /** The object loses all that it has in memory, and what it does at that moment fails. */
  async evict(evicted: EvictedObject): Promise<void> {
    const { appId } = this;
    const day = new Date().toISOString().slice(0, 10);
    const [object, name] = {
      registry: ["REGISTRY", appId],
      ledger: ["LEDGER", `${appId}:${day}`],
      "webhook endpoint": ["WEBHOOK_ENDPOINT", `${appId}:${this.webhookId}`],
      shard: ["USER_SHARD", `${appId}:${evicted.object === "shard" ? evicted.shard : ""}`],
    }[evicted.object];
    await this.#ask("POST", "/__chaos/evict", { object, name });
  }

  /** Asks what befell messages since the last start: called often, as a kill takes it along. */
  async noteFaults(): Promise<void> {
    const start = this.#starts;
    const counts = (await this.#ask("GET", "/__chaos/faults")) as FaultCounts | null;
    if (counts !== null) this.#counts[start] = counts;
  }

  /** What befell messages, all starts together; what happened in the last moments before a kill isn't in it. */
  sumFaults(): FaultCounts {
    const sum: FaultCounts = { dropped: 0, held: 0, requeued: 0, doubled: 0, reordered: 0 };
    for (const counts of this.#counts) {
      if (counts === undefined) continue;
      for (const kind of Object.keys(sum) as (keyof FaultCounts)[]) sum[kind] += counts[kind];
    }
    return sum;
  }

  /** Null where it is down, or goes down meanwhile. */
  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const url = this.url;
    if (url === null) return null;
    const response = await fetch(`${url}${path}`, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    }).catch(() => null);
    return response?.ok ? await response.json().catch(() => null) : null;
  }
}
