import type { Bindings } from "../../env.ts";
import { type Erasure, type ErasureProgress, type ErasureStep, STEPS } from "../../model/app-erasure.ts";
import { keys } from "../../model/keys.ts";
import type { DueTable } from "../kit/due.ts";
import { getLedgerStub } from "../ledger/contract.ts";
import { getShardStub } from "../user-shard/contract.ts";
import { getEndpointStub } from "../webhook-endpoint/contract.ts";
import type { LedgerListStore } from "./ledger-list-store.ts";

export const ERASE_DUTY = "erase";

/**
 * From when KV has forgotten the app until its data is erased: meanwhile somebody may act on an isolate's copy (30
 * s), or finish what began before (a body is read for a minute at most).
 */
const BEFORE_FIRST_MS = 2 * 60 * 1000;
/** Between two looks at whether KV has forgotten it, ms. */
const COPIES_MS = 1000;
/** After a failure, ms. */
const RETRY_MS = 10_000;
const SHARDS_PER_TURN = 16;
const LEDGERS_PER_TURN = 16;
/** What R2 lists and deletes in a call. */
const FILES_PER_TURN = 1000;

const KEPT_TABLES = ["erasure", "schema_version"];

interface ErasedApp {
  id: string;
  shardCount: number;
}

interface ErasureParts {
  sql: SqlStorage;
  env: Bindings;
  due: DueTable;
  ledgers: LedgerListStore;
}

/** Erases an app slice by slice, by its registry's alarm: where it stops it goes on, whatever has ended. */
export class AppErasure {
  readonly #sql: SqlStorage;
  readonly #env: Bindings;
  readonly #due: DueTable;
  readonly #ledgers: LedgerListStore;

  constructor({ sql, env, due, ledgers }: ErasureParts) {
    this.#sql = sql;
    this.#env = env;
    this.#due = due;
    this.#ledgers = ledgers;
  }

  get(): Erasure | null {
    return (
      this.#sql
        .exec<{ startedAt: number; step: ErasureStep }>("SELECT started_at AS startedAt, step FROM erasure")
        .toArray()[0] ?? null
    );
  }

  /** What {@link get} tells, and how far the longest step has come: the erasure of user shards. */
  readProgress(shardCount: number | null): ErasureProgress | null {
    const [running] = this.#sql
      .exec<{ startedAt: number; step: ErasureStep; position: number }>(
        "SELECT started_at AS startedAt, step, position FROM erasure",
      )
      .toArray();
    if (running === undefined) return null;
    const { startedAt, step, position } = running;
    const isBefore = STEPS.indexOf(step) < STEPS.indexOf("shards");
    const erased = step === "shards" ? position : isBefore ? 0 : shardCount;
    const shards = shardCount === null || erased === null ? null : { erased, total: shardCount };
    return { startedAt, step, shards };
  }

  /** Inside the transaction that closes the app. */
  start(now: number): void {
    this.#sql.exec("INSERT INTO erasure (started_at, step, position) VALUES (?, 'copies', 0)", now);
    this.#due.set(ERASE_DUTY, "", now);
  }

  /** One slice. `areCopiesGone`: KV holds nothing of the app. */
  async serve(app: ErasedApp, webhookIds: readonly string[], areCopiesGone: boolean): Promise<void> {
    const running = this.get();
    if (running === null || running.step === "erased") {
      this.#due.remove(ERASE_DUTY, "");
      return;
    }
    if (running.step === "copies") {
      if (areCopiesGone) this.#sql.exec("UPDATE erasure SET step = 'shards'");
      this.#due.set(ERASE_DUTY, "", Date.now() + (areCopiesGone ? BEFORE_FIRST_MS : COPIES_MS));
      return;
    }
    if (running.step === "registry") {
      this.#eraseRegistry();
      return;
    }
    try {
      const isDone = await this.#serveStep(running.step, app, webhookIds);
      const next = isDone ? STEPS[STEPS.indexOf(running.step) + 1] : undefined;
      if (next !== undefined) this.#sql.exec("UPDATE erasure SET step = ?, position = 0", next);
      this.#due.set(ERASE_DUTY, "", Date.now());
    } catch (error) {
      console.error({ message: "erasing an app is delayed", app: app.id, step: running.step, error });
      this.#due.set(ERASE_DUTY, "", Date.now() + RETRY_MS);
    }
  }

  /** Everything here but the row that says so, in one transaction. */
  #eraseRegistry(): void {
    this.#due.transaction(() => {
      const tables = this.#sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .map(({ name }) => name)
        .filter((name) => !KEPT_TABLES.includes(name) && !/^(_cf_|sqlite_)/.test(name));
      for (const name of tables) this.#sql.exec(`DELETE FROM "${name}"`);
      this.#sql.exec("UPDATE erasure SET step = 'erased'");
    });
    this.#due.forget();
    this.#due.remove(ERASE_DUTY, "");
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
    await Promise.all(shards.map((shard) => getShardStub(this.#env, id, shard).erase()));
    this.#sql.exec("UPDATE erasure SET position = ?", end);
    return end === shardCount;
  }

  async #eraseLedgers({ id }: ErasedApp): Promise<boolean> {
    const ledgers = this.#ledgers.listAfter(null, LEDGERS_PER_TURN);
    await Promise.all(ledgers.map((ledger) => getLedgerStub(this.#env, id, ledger).erase()));
    for (const ledger of ledgers) this.#ledgers.remove(ledger);
    return ledgers.length < LEDGERS_PER_TURN;
  }

  async #eraseWebhooks({ id }: ErasedApp, webhookIds: readonly string[]): Promise<boolean> {
    await Promise.all(
      webhookIds.map((webhookId) => getEndpointStub(this.#env, id, webhookId).configure(null)),
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
