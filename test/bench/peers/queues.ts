import { setTimeout as delay } from "node:timers/promises";
import { loadPackage } from "./packages.ts";
import type { Part } from "./store.ts";

/** Where the peers' processes find what they need. */
export interface PeerPlace {
  /** Of the packages. */
  folder: string;
  redisPort: number;
  postgresPort: number;
}

export type QueueKind = "bullmq" | "pg-boss";

/** A queue as the bench uses it. */
export interface PeerQueue {
  add(parts: readonly Part[]): Promise<void>;
  /** Works on parts until it is closed. */
  work(deliver: (part: Part) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const NAME = "deliveries";
/** Parts that a worker has in hand at once. */
const AT_ONCE = 4;
/** After this long a part that a dead worker had is another's. Their defaults are 30 s and 15 min. */
const LOST_AFTER_SECONDS = 10;
const ADDED_AT_ONCE = 100;
const IDLE_MS = 20;

export function openQueue(kind: QueueKind, place: PeerPlace): Promise<PeerQueue> {
  return kind === "bullmq" ? openBullMq(place) : openPgBoss(place);
}

interface BullMqModule {
  Queue: new (
    name: string,
    options: object,
  ) => {
    addBulk(jobs: object[]): Promise<unknown>;
    close(): Promise<void>;
    on(event: "error", listener: () => void): void;
  };
  Worker: new (
    name: string,
    work: (job: { data: Part }) => Promise<void>,
    options: object,
  ) => { close(): Promise<void>; on(event: "error", listener: () => void): void };
}

async function openBullMq({ folder, redisPort }: PeerPlace): Promise<PeerQueue> {
  const { Queue, Worker } = loadPackage<BullMqModule>(folder, "bullmq");
  const connection = { host: "127.0.0.1", port: redisPort };
  const queue = new Queue(NAME, { connection });
  queue.on("error", () => {});
  const workers: { close(): Promise<void> }[] = [];
  return {
    async add(parts) {
      const jobs = parts.map((data) => ({
        name: "part",
        data,
        opts: { removeOnComplete: true, attempts: 5 },
      }));
      for (let start = 0; start < jobs.length; start += ADDED_AT_ONCE) {
        await queue.addBulk(jobs.slice(start, start + ADDED_AT_ONCE));
      }
    },
    async work(deliver) {
      const worker = new Worker(NAME, ({ data }) => deliver(data), {
        connection,
        concurrency: AT_ONCE,
        lockDuration: LOST_AFTER_SECONDS * 1000,
        stalledInterval: 1000,
      });
      worker.on("error", () => {});
      workers.push(worker);
    },
    async close() {
      await Promise.all([queue, ...workers].map((open) => open.close()));
    },
  };
}

interface PgBossModule {
  PgBoss: new (
    options: object,
  ) => {
    start(): Promise<unknown>;
    stop(options: object): Promise<void>;
    createQueue(name: string, options: object): Promise<void>;
    insert(name: string, jobs: object[]): Promise<unknown>;
    fetch(name: string, options: object): Promise<{ id: string; data: Part }[]>;
    complete(name: string, ids: string[]): Promise<unknown>;
    on(event: "error", listener: () => void): void;
  };
}

async function openPgBoss({ folder, postgresPort: port }: PeerPlace): Promise<PeerQueue> {
  const { PgBoss } = loadPackage<PgBossModule>(folder, "pg-boss");
  const database = { host: "127.0.0.1", port, user: "bench", database: "postgres" };
  const boss = new PgBoss({
    ...database,
    schedule: false,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
  });
  boss.on("error", () => {});
  await boss.start();
  await boss.createQueue(NAME, { retryLimit: 5, expireInSeconds: LOST_AFTER_SECONDS });
  let isOpen = true;
  const loop = async (deliver: (part: Part) => Promise<void>): Promise<void> => {
    while (isOpen) {
      const jobs = await boss.fetch(NAME, { batchSize: AT_ONCE });
      if (jobs.length === 0) await delay(IDLE_MS);
      else {
        await Promise.all(jobs.map(({ data }) => deliver(data)));
        await boss.complete(
          NAME,
          jobs.map(({ id }) => id),
        );
      }
    }
  };
  let running: Promise<void> = Promise.resolve();
  return {
    async add(parts) {
      const jobs = parts.map((data) => ({ data }));
      for (let start = 0; start < jobs.length; start += ADDED_AT_ONCE) {
        await boss.insert(NAME, jobs.slice(start, start + ADDED_AT_ONCE));
      }
    },
    async work(deliver) {
      running = loop(deliver);
    },
    async close() {
      isOpen = false;
      await running;
      await boss.stop({ graceful: false });
    },
  };
}
