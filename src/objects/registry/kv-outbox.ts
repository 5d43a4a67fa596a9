import { KV_WRITE_INTERVAL_MS } from "../../model/limits.ts";
import type { DueTable } from "../kit/due.ts";
import { eachRow, Outbox } from "../kit/outbox.ts";

type OutboxRow = { key: string; value: string | null; revision: number };

/** KV takes one write a second and key. */
const LIMITS = {
  safetyMs: KV_WRITE_INTERVAL_MS,
  pauseMs: KV_WRITE_INTERVAL_MS,
  pauses: { firstMs: KV_WRITE_INTERVAL_MS, longestMs: KV_WRITE_INTERVAL_MS },
};
const KEYS_PER_TURN = 100;

/**
 * Mirrors rows to KV. What is to be written stands in the outbox in the same transaction as the change, and
 * leaves it when KV has taken it.
 */
export class KvOutbox {
  readonly outbox: Outbox;
  readonly #sql: SqlStorage;
  readonly #kv: KVNamespace;
  /** When a key was last written by this instance, Unix ms. */
  readonly #writtenAt = new Map<string, number>();

  constructor(sql: SqlStorage, kv: KVNamespace, due: DueTable) {
    this.#sql = sql;
    this.#kv = kv;
    const rows = {
      list: (now: number, limit: number) => this.#list(limit).filter((row) => this.#mayWrite(row, now)),
      nextAt: (now: number) => (this.isEmpty() ? null : now),
      tell: (row: OutboxRow) => this.#write(row),
      remove: ({ key, revision }: OutboxRow) => {
        // A newer value that came in meanwhile stays in the outbox.
        sql.exec("DELETE FROM kv_outbox WHERE key = ? AND revision = ?", key, revision);
      },
    };
    this.outbox = new Outbox("kv", due, LIMITS, eachRow(rows, KEYS_PER_TURN));
  }

  /** Inside the transaction of the change. `value` null deletes the key. */
  put(key: string, value: unknown): void {
    this.#sql.exec(
      `INSERT INTO kv_outbox (key, value, revision) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET value = excluded.value, revision = revision + 1`,
      key,
      value === null ? null : JSON.stringify(value),
    );
    this.outbox.noteWritten(Date.now());
  }

  /** True where KV holds all that it should. */
  isEmpty(): boolean {
    return this.#list(1).length === 0;
  }

  /** Writes what may be written now; the alarm does the rest. Never throws. */
  drain(): Promise<void> {
    return this.outbox.tellIfPossible();
  }

  #list(limit: number): OutboxRow[] {
    return this.#sql
      .exec<OutboxRow>("SELECT key, value, revision FROM kv_outbox ORDER BY key LIMIT ? + 0", limit)
      .toArray();
  }

  #mayWrite({ key }: OutboxRow, now: number): boolean {
    return now - (this.#writtenAt.get(key) ?? 0) >= KV_WRITE_INTERVAL_MS;
  }

  async #write({ key, value }: OutboxRow): Promise<void> {
    this.#writtenAt.set(key, Date.now());
    if (value === null) await this.#kv.delete(key);
    else await this.#kv.put(key, value);
  }
}
