import { setTimeout as delay } from "node:timers/promises";
import { API, type ChaosClient } from "./client.ts";
import { findFaults, type NotificationRead } from "./counts.ts";
import type { Sent } from "./sent.ts";
import type { ChaosServer } from "./server.ts";

const PAUSE_MS = 50;

/** Reads every accepted notification over and over while everything fails, and judges each read. */
export class Observer {
  /** The first of each kind, by notification and kind: the next read mostly shows it again. */
  readonly #violations = new Map<string, string>();
  reads = 0;
  readonly #server: ChaosServer;
  readonly #client: ChaosClient;
  readonly #watched: { sent: Sent; last: NotificationRead | null }[] = [];
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(server: ChaosServer, client: ChaosClient) {
    this.#server = server;
    this.#client = client;
  }

  get violations(): string[] {
    return [...this.#violations.values()];
  }

  watch(sent: Sent): void {
    this.#watched.push({ sent, last: null });
  }

  /** How many of those watched haven't been seen completed yet. */
  countOpen(): number {
    return this.#watched.filter(({ last }) => last?.state !== "completed").length;
  }

  /** Their last reads, for a failure's report. */
  listOpen(): { id: string; last: NotificationRead | null }[] {
    return this.#watched
      .filter(({ last }) => last?.state !== "completed")
      .map(({ sent, last }) => ({ id: sent.id, last }));
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      // The completed ones too: what was said must stay so.
      for (const watched of this.#watched) await this.#read(watched);
      await this.#server.noteFaults();
      await delay(PAUSE_MS);
    }
  }

  async #read(watched: { sent: Sent; last: NotificationRead | null }): Promise<void> {
    const { id, users } = watched.sent;
    const answer = await this.#client.once({ method: "GET", path: `${API}/notifications/${id}` });
    if (answer === null || answer.status >= 500) return;
    const { status, text } = answer;
    if (status !== 200) {
      this.#note(id, "a read has another answer", `${status} ${text}`);
      return;
    }
    const read = JSON.parse(text) as NotificationRead;
    this.reads++;
    for (const { what, shown } of findFaults(read, users.size, watched.last)) this.#note(id, what, shown);
    watched.last = read;
  }

  #note(id: string, what: string, shown: string): void {
    const kind = `${id}: ${what}`;
    if (!this.#violations.has(kind)) this.#violations.set(kind, `${kind}: ${shown}`);
  }
}
