import type { OutboxMessage, WebhookEvent } from "../../model/events.ts";
import { newId } from "../../model/ids.ts";
import { MAX_WEBHOOK_OUTBOX_BYTES, MAX_WEBHOOK_OUTBOX_MESSAGES } from "../../model/limits.ts";

/** SQL of the table that {@link EventMessages} kept at first. */
export const WEBHOOK_OUTBOX_SCHEMA =
  "CREATE TABLE webhook_outbox (id TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID";

/** The step to what it keeps: messages that no endpoint has taken yet, and the numbers that were given to any. */
export const WEBHOOK_QUEUE_SCHEMA = [
  "ALTER TABLE webhook_outbox RENAME TO webhook_outbox_before",
  `CREATE TABLE webhook_outbox (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL)`,
  `INSERT INTO webhook_outbox (seq, id, type, body)
   SELECT ROW_NUMBER() OVER (ORDER BY id), id, type, body FROM webhook_outbox_before`,
  "DROP TABLE webhook_outbox_before",
  // At most one row.
  "CREATE TABLE webhook_numbers (reserved INTEGER NOT NULL)",
  `INSERT INTO webhook_numbers (reserved)
   SELECT seq FROM webhook_outbox WHERE seq > 0 ORDER BY seq DESC LIMIT 1`,
];

/** Numbers that are reserved at once: an instance that ends leaves some of them unused, and none is given twice. */
const RESERVED_NUMBERS = 1000;
/** Messages that go at once where too many are kept, and where too many bytes are. */
const MESSAGES_PER_DROP = 100;
const LARGE_MESSAGES_PER_DROP = 10;

type MessageRow = { seq: number; id: string; type: WebhookEvent; body: string };

/**
 * Webhook messages until every endpoint that wants them has stored them, in the order of their numbers. Too many or
 * too large ones are dropped, the oldest first.
 */
export class EventMessages {
  readonly #sql: SqlStorage;
  readonly #maxBytes: number;
  /** Up to here `#bytes` counts what stands in the table. */
  #countedTo = 0;
  #bytes = 0;
  /** The next number; null in an instance that has given none. */
  #next: number | null = null;

  constructor(sql: SqlStorage, maxBytes = MAX_WEBHOOK_OUTBOX_BYTES) {
    this.#sql = sql;
    this.#maxBytes = maxBytes;
  }

  /** In a transaction. */
  add(type: WebhookEvent, body: string): void {
    this.#sql.exec(
      "INSERT INTO webhook_outbox (seq, id, type, body) VALUES (?, ?, ?, ?)",
      this.#takeNumber(),
      newId(),
      type,
      body,
    );
  }

  isEmpty(): boolean {
    return this.#findNumber("ASC") === null;
  }

  listAfter(seq: number, limit: number): OutboxMessage[] {
    const rows = this.#sql
      .exec<MessageRow>(
        "SELECT seq, id, type, body FROM webhook_outbox WHERE seq > ? ORDER BY seq LIMIT ? + 0",
        seq,
        limit,
      )
      .toArray();
    for (const row of rows) {
      if (row.seq <= this.#countedTo) continue;
      this.#bytes += row.body.length;
      this.#countedTo = row.seq;
    }
    return rows;
  }

  /** Removes those of the messages that have these numbers. */
  remove(messages: readonly OutboxMessage[], numbers: ReadonlySet<number>): void {
    this.#sql.exec(
      "DELETE FROM webhook_outbox WHERE seq IN (SELECT value FROM json_each(?))",
      JSON.stringify([...numbers]),
    );
    for (const { seq, body } of messages) if (numbers.has(seq)) this.#bytes -= body.length;
  }

  /** A slice of the oldest goes where more are kept than may be; returns how many went. In a transaction. */
  dropBeyondBounds(): number {
    const [oldest, newest] = [this.#findNumber("ASC"), this.#findNumber("DESC")];
    if (oldest === null || newest === null) return 0;
    const isWithin = this.#bytes <= this.#maxBytes;
    const upTo = isWithin ? newest - MAX_WEBHOOK_OUTBOX_MESSAGES : newest;
    if (oldest > upTo) return 0;
    const rows = this.#sql
      .exec<{ seq: number; size: number }>(
        `DELETE FROM webhook_outbox WHERE seq IN (
           SELECT seq FROM webhook_outbox WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ? + 0)
         RETURNING seq, LENGTH(body) AS size`,
        oldest,
        upTo,
        isWithin ? MESSAGES_PER_DROP : LARGE_MESSAGES_PER_DROP,
      )
      .toArray();
    for (const { seq, size } of rows) if (seq <= this.#countedTo) this.#bytes -= size;
    return rows.length;
  }

  /** Never one that was given before: endpoints know by it what is new. A rollback only leaves a gap. */
  #takeNumber(): number {
    const [row] = this.#sql
      .exec<{ reserved: number }>("SELECT reserved FROM webhook_numbers LIMIT 1")
      .toArray();
    const next = this.#next ?? (row?.reserved ?? 0) + 1;
    if (next > (row?.reserved ?? 0)) {
      const statement =
        row === undefined
          ? "INSERT INTO webhook_numbers (reserved) VALUES (?)"
          : "UPDATE webhook_numbers SET reserved = ?";
      this.#sql.exec(statement, next + RESERVED_NUMBERS - 1);
    }
    this.#next = next + 1;
    return next;
  }

  #findNumber(order: "ASC" | "DESC"): number | null {
    const [row] = this.#sql
      .exec<{ seq: number }>(`SELECT seq FROM webhook_outbox WHERE seq > 0 ORDER BY seq ${order} LIMIT 1`)
      .toArray();
    return row?.seq ?? null;
  }
}
