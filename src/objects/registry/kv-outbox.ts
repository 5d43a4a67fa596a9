import { KV_WRITE_INTERVAL_MS } from "../../model/limits.ts";
import type { DueTable } from "../kit/due.ts";

export const KV_DUTY = "kv";

type OutboxRow = { key: string; value: string | null; revision: number };

/**
 * Mirrors rows to KV. What is to be written stands in the outbox in the same transaction as the change, and
 * leaves it when KV has taken it: at most one write a second and key, repeated by the alarm until then.
 */
export class KvOutbox {
  readonly #sql: SqlStorage;
  readonly #kv: KVNamespace;
  readonly #due: DueTable;
  /** When a key was last written by this instance, Unix ms. */
  readonly #writtenAt = new Map<string, number>();
  #draining: Promise<void> | null = null;

  constructor(sql: SqlStorage, kv: KVNamespace, due: DueTable) {
    this.#sql = sql;
    this.#kv = kv;
    this.#due = due;
  }

  /** Inside the transaction of the change. `value` null deletes the key. */
  put(key: string, value: unknown): void {
    this.#sql.exec(
      `INSERT INTO kv_outbox (key, value, revision) VALUES (?, ?, 1)
       ON CONFLICT DO UPDATE SET value = excluded.value, revision = revision + 1`,
      key,
      value === null ? null : JSON.stringify(value),
    );
    this.#due.ensure(KV_DUTY, "", Date.now() + KV_WRITE_INTERVAL_MS);
  }

  /** True where KV holds all that it should. */
  isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM kv_outbox LIMIT 1").toArray().length === 0;
  }

  /** Writes what may be written now; the alarm does the rest. Never throws. */
  async drain(): Promise<void> {
    this.#draining ??= this.#drainOnce().finally(() => {
      this.#draining = null;
    });
    await this.#draining;
  }

  async #drainOnce(): Promise<void> {
    const rows = this.#sql
      .exec<OutboxRow>("SELECT key, value, revision FROM kv_outbox ORDER BY key LIMIT 100")
      .toArray();
    await Promise.all(rows.map((row) => this.#write(row)));
    if (!this.isEmpty()) this.#due.set(KV_DUTY, "", Date.now() + KV_WRITE_INTERVAL_MS);
    else this.#due.remove(KV_DUTY, "");
  }

  async #write({ key, value, revision }: OutboxRow): Promise<void> {
    const now = Date.now();
    if (now - (this.#writtenAt.get(key) ?? 0) < KV_WRITE_INTERVAL_MS) return;
    this.#writtenAt.set(key, now);
    try {
      if (value === null) await this.#kv.delete(key);
      else await this.#kv.put(key, value);
    } catch (error) {
      console.error({ message: "a KV write failed and will be repeated", error });
      return;
    }
    // A newer value that came in meanwhile stays in the outbox.
    this.#sql.exec("DELETE FROM kv_outbox WHERE key = ? AND revision = ?", key, revision);
  }
}
