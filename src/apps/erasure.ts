import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import { openLedger } from "../notifications/ledger-binding.ts";
import type { DueTable } from "../objects/due.ts";
import { openShard } from "../users/shard-binding.ts";
import { openWebhookEndpoint } from "../webhooks/endpoint-binding.ts";

export const ERASE_DUTY = "erase";

/** Until then somebody may still act on a copy of the app, or finish what began before: 90 s, and some more. */
const BEFORE_FIRST_MS = 2 * 60 * 1000;
/** Objects that are empty leave memory meanwhile: who creates the app anew finds none that remembers. */
const BEFORE_LAST_MS = 60 * 1000;
/** After a failure, ms. */
const RETRY_MS = 10_000;
const SHARDS_PER_TURN = 16;
const LEDGERS_PER_TURN = 16;
/** What R2 lists and deletes in a call. */
const FILES_PER_TURN = 1000;

/** What is erased, in this order: shards tell ledgers, both tell webhooks, and the registry knows where all are. */
const STEPS = ["shards", "ledgers", "webhooks", "files", "registry"] as const;
export type ErasureStep = (typeof STEPS)[number];

/** An erasure that is running. Times in Unix ms. */
export interface Erasure {
  startedAt: number;
  step: ErasureStep;
}

interface ErasedApp {
  id: string;
  shardCount: number;
}

/** Erases an app slice by slice, by its registry's alarm: where it stops it goes on, whatever has ended. */
export class AppErasure {
  readonly #sql: SqlStorage;
  readonly #env: Bindings;
  readonly #due: DueTable;

  constructor(sql: SqlStorage, env: Bindings, due: DueTable) {
    this.#sql = sql;
    this.#env = env;
    this.#due = due;
  }

  get(): Erasure | null {
    return (
      this.#sql
        .exec<{ startedAt: number; step: ErasureStep }>("SELECT started_at AS startedAt, step FROM erasure")
        .toArray()[0] ?? null
    );
  }

  /** Inside the transaction that closes the app. */
  start(now: number): void {
    this.#sql.exec("INSERT INTO erasure (started_at, step, position) VALUES (?, 'shards', 0)", now);
    this.#due.set(ERASE_DUTY, "", now + BEFORE_FIRST_MS);
  }

  /** One slice. True when all but the registry itself is gone. */
  async serve(app: ErasedApp, webhookIds: readonly string[]): Promise<boolean> {
    const running = this.get();
    if (running === null) return false;
    if (running.step === "registry") return true;
    try {
      const isDone = await this.#serveStep(running.step, app, webhookIds);
      const next = isDone ? STEPS[STEPS.indexOf(running.step) + 1] : undefined;
      if (next !== undefined) this.#sql.exec("UPDATE erasure SET step = ?, position = 0", next);
      this.#due.set(ERASE_DUTY, "", Date.now() + (next === "registry" ? BEFORE_LAST_MS : 0));
    } catch (error) {
      console.error({ message: "erasing an app is delayed", app: app.id, step: running.step, error });
      this.#due.set(ERASE_DUTY, "", Date.now() + RETRY_MS);
    }
    return false;
  }

  #serveStep(step: ErasureStep, app: ErasedApp, webhookIds: readonly string[]): Promise<boolean> {
    if (step === "webhooks") return this.#eraseWebhooks(app, webhookIds);
    if (step === "shards") return this.#eraseShards(app);
    return step === "ledgers" ? this.#eraseLedgers(app) : this.#eraseFiles(app);
  }

  async #eraseShards({ id, shardCount }: ErasedApp): Promise<boolean> {
    const { position } = this.#sql.exec<{ position: number }>("SELECT position FROM erasure").one();
    const end = Math.min(position + SHARDS_PER_TURN, shardCount);
    const shards = Array.from({ length: end - position }, (_, index) => position + index);
    await Promise.all(shards.map((shard) => openShard(this.#env, id, shard).erase()));
    this.#sql.exec("UPDATE erasure SET position = ?", end);
    return end === shardCount;
  }

  async #eraseLedgers({ id }: ErasedApp): Promise<boolean> {
    const days = this.#sql
      .exec<{ day: string }>("SELECT day FROM ledgers ORDER BY day LIMIT ?", LEDGERS_PER_TURN)
      .toArray()
      .map(({ day }) => day);
    await Promise.all(days.map((day) => openLedger(this.#env, id, day).erase()));
    this.#sql.exec("DELETE FROM ledgers WHERE day IN (SELECT value FROM json_each(?))", JSON.stringify(days));
    return days.length < LEDGERS_PER_TURN;
  }

  async #eraseWebhooks({ id }: ErasedApp, webhookIds: readonly string[]): Promise<boolean> {
    await Promise.all(
      webhookIds.map((webhookId) => openWebhookEndpoint(this.#env, id, webhookId).configure(null)),
    );
    return true;
  }

  async #eraseFiles({ id }: ErasedApp): Promise<boolean> {
    for (const prefix of keys.r2Prefixes(id)) {
      const { objects } = await this.#env.TARGETS.list({ prefix, limit: FILES_PER_TURN });
      if (objects.length === 0) continue;
      await this.#env.TARGETS.delete(objects.map(({ key }) => key));
      return false;
    }
    return true;
  }
}
