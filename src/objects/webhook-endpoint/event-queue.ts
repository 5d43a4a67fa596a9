import type { OutboxMessage, WebhookMessage } from "../../model/events.ts";
import { MAX_WAITING_EVENT_BYTES, MAX_WAITING_EVENTS } from "../../model/limits.ts";
import { countBytes } from "../../text/size.ts";
import type { Counters } from "./counters.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long it is known how far a source has come: longer than any repeats what it has handed over. */
const SOURCE_DAYS = 7;

/** An event as it waits. */
export interface QueuedEvent extends WebhookMessage {
  seq: number;
  bytes: number;
}

/**
 * The events that one endpoint is to get, in the order in which they came, until they were sent. Writing methods
 * expect to run inside a transaction.
 */
export class EventQueue {
  readonly #sql: SqlStorage;
  readonly #counters: Counters;

  constructor(sql: SqlStorage, counters: Counters) {
    this.#sql = sql;
    this.#counters = counters;
  }

  /** The messages that the source hasn't handed over before: its numbers grow. */
  takeNew(source: string, messages: readonly OutboxMessage[], now: number): OutboxMessage[] {
    const [known] = this.#sql
      .exec<{ seq: number; day: number }>("SELECT seq, day FROM sources WHERE name = ?", source)
      .toArray();
    const fresh = messages.filter(({ seq }) => seq > (known?.seq ?? 0));
    const last = fresh.at(-1);
    if (last !== undefined) {
      const day = Math.floor(now / DAY_MS);
      this.#sql.exec(
        `INSERT INTO sources (name, seq, day) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET seq = excluded.seq, day = excluded.day`,
        source,
        last.seq,
        day,
      );
    }
    return fresh;
  }

  /** Adds events to the end. Returns how many of them there was no room for: the last ones. */
  add(messages: readonly WebhookMessage[], now: number): number {
    const { waiting, bytes: waitingBytes, next } = this.#counters.readQueue();
    let bytes = 0;
    let added = 0;
    for (const message of messages) {
      const size = countBytes(message.body);
      if (waiting + added >= MAX_WAITING_EVENTS || waitingBytes + bytes + size > MAX_WAITING_EVENT_BYTES)
        break;
      this.#insert(next + added, message, size, now);
      bytes += size;
      added++;
    }
    if (added > 0) this.#counters.noteCome(added, bytes);
    return messages.length - added;
  }

  /** A test event, which never waits. Returns its number. */
  addTest(message: WebhookMessage, now: number): number {
    const tests = this.#counters.addTest();
    this.#insert(-tests, message, countBytes(message.body), now);
    return -tests;
  }

  /** When the oldest event came that is in no call yet, Unix ms; null where there is none. */
  freshAt(): number | null {
    const [row] = this.#sql
      .exec<{ at: number }>(
        `SELECT at FROM events WHERE seq > (SELECT composed_seq FROM counters) ORDER BY seq LIMIT 1`,
      )
      .toArray();
    return row?.at ?? null;
  }

  /** The next events that are in no call yet, at most `limit` and so many bytes; the first in any case. */
  takeFresh(limit: number, maxBytes: number): QueuedEvent[] {
    const events: QueuedEvent[] = [];
    let bytes = 0;
    const rows = this.#sql.exec<QueuedEvent & Record<string, SqlStorageValue>>(
      `SELECT seq, id, type, bytes, body FROM events WHERE seq > (SELECT composed_seq FROM counters)
       ORDER BY seq LIMIT ? + 0`,
      limit,
    );
    for (const row of rows) {
      bytes += row.bytes;
      if (events.length > 0 && bytes > maxBytes) break;
      events.push(row);
    }
    const last = events.at(-1);
    if (last !== undefined) this.#counters.noteComposed(last.seq);
    return events;
  }

  /** Both inclusive. */
  list(fromSeq: number, toSeq: number): QueuedEvent[] {
    return this.#sql
      .exec<QueuedEvent & Record<string, SqlStorageValue>>(
        "SELECT seq, id, type, bytes, body FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq",
        fromSeq,
        toSeq,
      )
      .toArray();
  }

  delete(fromSeq: number, toSeq: number): void {
    this.#sql.exec("DELETE FROM events WHERE seq BETWEEN ? AND ?", fromSeq, toSeq);
  }

  /** Removes up to `limit` that came before `before` and are in no call; true where there may be more. */
  expire(before: number, limit: number): boolean {
    const rows = this.#sql
      .exec<{ seq: number; at: number; bytes: number }>(
        `SELECT seq, at, bytes FROM events WHERE seq > (SELECT composed_seq FROM counters) ORDER BY seq LIMIT ? + 0`,
        limit,
      )
      .toArray();
    const old = rows.slice(0, rows.findIndex(({ at }) => at >= before) >>> 0);
    const [first, last] = [old[0], old.at(-1)];
    if (first === undefined || last === undefined) return false;
    this.delete(first.seq, last.seq);
    this.#counters.noteDone(
      old.length,
      old.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    return old.length === limit;
  }

  /** Removes up to `limit` sources that haven't handed anything over for days. */
  expireSources(now: number, limit: number): void {
    this.#sql.exec(
      "DELETE FROM sources WHERE name IN (SELECT name FROM sources WHERE day < ? ORDER BY day LIMIT ? + 0)",
      Math.floor(now / DAY_MS) - SOURCE_DAYS,
      limit,
    );
  }

  #insert(seq: number, { id, type, body }: WebhookMessage, bytes: number, now: number): void {
    this.#sql.exec(
      "INSERT INTO events (seq, id, type, at, bytes, body) VALUES (?, ?, ?, ?, ?, ?)",
      seq,
      id,
      type,
      now,
      bytes,
      body,
    );
  }
}
