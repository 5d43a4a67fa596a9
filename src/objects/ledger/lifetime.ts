import { deleteAudiences } from "../../audiences/store.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { LedgerRef } from "../../model/ids.ts";
import { retriesEndAt } from "../../model/retry-window.ts";
import type { DueTable } from "../kit/due.ts";
import type { Duty } from "../kit/duties.ts";
import { getRegistryStub } from "../registry/contract.ts";
import type { PlanStore } from "./plan-store.ts";
import type { SeriesStore } from "./series-store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** A ledger outlives its last deliveries by this much. */
const AFTER_RETENTION_MS = 30 * DAY_MS;
/** The duty's kind: the registry is to learn of this ledger. */
const REGISTER_DUTY = "register";
/** The duty's kind: raw values of realtime targets go when no retry can need them any more. Its id is how far it is. */
const VALUES_DUTY = "values";
/** The duty's kind: the ledger has outlived what it tells of. */
const DELETE_DUTY = "delete";
/** Before the registry is told again, ms. */
const REGISTER_PAUSES = { firstMs: 10_000, longestMs: 10_000 };
const PLANS_PER_SLICE = 500;
/**
 * R2 deletes up to 1,000 keys in a call (developers.cloudflare.com/r2/api/workers/workers-api-reference); four each.
 */
const AUDIENCES_PER_DELETE = 250;

interface LifetimeParts {
  sql: SqlStorage;
  ledger: LedgerRef & { appId: string };
  /** A function, as an object's bindings may be others at its next call. */
  env: () => Bindings;
  due: DueTable;
  plans: PlanStore;
  series: SeriesStore;
  /** A transaction of the ledger. */
  transaction: <T>(work: () => T) => T;
}

/** A ledger's beginning and end: its app's registry knows of it from its first write until its data has ended. */
export class LedgerLifetime {
  readonly duties: readonly Duty[] = [
    { kind: REGISTER_DUTY, pauses: REGISTER_PAUSES, serve: () => this.#register() },
    { kind: VALUES_DUTY, serve: (position) => this.#dropEndedValues(position) },
    { kind: DELETE_DUTY, serve: () => this.#delete() },
  ];
  readonly #its: LifetimeParts;
  #isRegistered: boolean;

  constructor(parts: LifetimeParts) {
    this.#its = parts;
    this.#isRegistered = parts.sql.exec("SELECT 1 FROM registration").toArray().length > 0;
  }

  get isRegistered(): boolean {
    return this.#isRegistered;
  }

  /**
   * Before the first plan: what is answered can be read at once, and reads ask the registry which ledgers there are.
   * Throws what the registry's call failed with.
   */
  async begin(): Promise<void> {
    if (this.#isRegistered) return;
    this.#its.due.transaction(() => this.noteExistence());
    await this.#register();
  }

  /** In the day's first transaction: the registry must learn of this ledger, and it ends when its data does. */
  noteExistence(): void {
    if (this.#isRegistered) return;
    const { due, ledger } = this.#its;
    const { retentionMs } = readConfig(this.#its.env());
    const now = Date.now();
    const dayEndMs = Date.parse(ledger.day) + DAY_MS;
    due.ensure(REGISTER_DUTY, "", now);
    due.ensure(DELETE_DUTY, "", dayEndMs + retentionMs + AFTER_RETENTION_MS);
    due.ensure(VALUES_DUTY, "", Math.max(retriesEndAt(dayEndMs, retentionMs), now));
  }

  /** After that transaction; the alarm repeats what fails. */
  async registerIfPossible(): Promise<void> {
    if (this.#isRegistered) return;
    await this.#register().catch((error: unknown) => {
      console.error({ message: "registering the ledger failed", ...this.#its.ledger, error });
    });
  }

  async #register(): Promise<void> {
    const { sql, due, series } = this.#its;
    const { appId, ...ledger } = this.#its.ledger;
    const mostTags = this.#isRegistered
      ? null
      : await getRegistryStub(this.#its.env(), appId).registerLedger(ledger);
    due.transaction(() => {
      if (!this.#isRegistered) sql.exec("INSERT INTO registration (registered_at) VALUES (?)", Date.now());
      if (mostTags !== null) series.setMostTags(mostTags);
      due.remove(REGISTER_DUTY, "");
    });
    this.#isRegistered = true;
  }

  /** The time for retries of this day is over. A slice in a turn of the alarm. */
  #dropEndedValues(position: string): void {
    const { due, plans } = this.#its;
    this.#its.transaction(() => {
      const next = plans.dropEndedValues(position, PLANS_PER_SLICE);
      due.remove(VALUES_DUTY, position);
      if (next !== null) due.set(VALUES_DUTY, next, Date.now());
    });
  }

  async #delete(): Promise<void> {
    const { due, plans } = this.#its;
    const { appId, ...ledger } = this.#its.ledger;
    const ids = plans.listIds(AUDIENCES_PER_DELETE);
    if (ids.length > 0) {
      await deleteAudiences(this.#its.env(), appId, ids);
      plans.delete(ids);
      due.set(DELETE_DUTY, "", Date.now());
      return;
    }
    await getRegistryStub(this.#its.env(), appId).forgetLedger(ledger);
    await due.eraseObject();
  }
}
