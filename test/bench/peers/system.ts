import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import Papa from "papaparse";
import { openQueue, type PeerPlace, type PeerQueue, type QueueKind } from "./queues.ts";
import { type Part, PeerStore } from "./store.ts";
import type { WorkerOrder } from "./worker-process.ts";

const WORKERS = 2;
const WAIT_MS = 120_000;

/** A queue with its workers and its inboxes, as one would build it. */
export class PeerSystem {
  readonly #order: WorkerOrder;
  readonly #store: PeerStore;
  readonly #queue: PeerQueue;
  #workers: ChildProcess[] = [];

  private constructor(order: WorkerOrder, store: PeerStore, queue: PeerQueue) {
    this.#order = order;
    this.#store = store;
    this.#queue = queue;
  }

  static async open(
    kind: QueueKind,
    place: PeerPlace,
    providerUrl: string | null = null,
  ): Promise<PeerSystem> {
    const store = new PeerStore(place.folder, place.postgresPort);
    await store.create();
    const system = new PeerSystem({ kind, place, providerUrl }, store, await openQueue(kind, place));
    await system.startWorkers();
    return system;
  }

  /** Reads a CSV and sends to all of its rows, until all are counted. ms. */
  async time(csv: Buffer, targetsPerJob: number): Promise<number> {
    const start = performance.now();
    const { sendId, targets } = await this.send(csv, targetsPerJob);
    await this.waitUntilCounted(sendId, targets);
    return performance.now() - start;
  }

  async send(csv: Buffer, targetsPerJob: number): Promise<{ sendId: string; targets: number }> {
    // No other system on these tables may have counted it.
    const sendId = `${this.#order.kind}-${randomUUID()}`;
    const parts = cutParts(csv, sendId, targetsPerJob);
    await this.#queue.add(parts);
    return { sendId, targets: parts.reduce((sum, { rows }) => sum + rows.length, 0) };
  }

  waitUntilCounted(sendId: string, targets: number): Promise<void> {
    return this.#store.waitUntilCounted(sendId, targets, WAIT_MS);
  }

  /** SIGKILL to the workers. */
  async killWorkers(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const exit = once(worker, "exit");
        worker.kill("SIGKILL");
        await exit;
      }),
    );
    this.#workers = [];
  }

  async close(): Promise<void> {
    await this.killWorkers();
    await this.#queue.close();
    await this.#store.close();
  }

  async startWorkers(): Promise<void> {
    const file = fileURLToPath(new URL("worker-process.ts", import.meta.url));
    this.#workers = Array.from({ length: WORKERS }, () => fork(file));
    await Promise.all(
      this.#workers.map(async (worker) => {
        const ready = once(worker, "message");
        worker.send(this.#order);
        await ready;
      }),
    );
  }
}

function cutParts(csv: Buffer, sendId: string, targetsPerJob: number): Part[] {
  const { data } = Papa.parse<string[]>(csv.toString(), { skipEmptyLines: true });
  const [columns = [], ...rows] = data;
  const parts: Part[] = [];
  for (let start = 0; start < rows.length; start += targetsPerJob) {
    parts.push({ sendId, part: parts.length, columns, rows: rows.slice(start, start + targetsPerJob) });
  }
  return parts;
}
