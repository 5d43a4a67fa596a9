import { BATCH_TYPE, batchBody, type CallType, type WebhookMessage } from "../../model/events.ts";
import { newId, timeOfId } from "../../model/ids.ts";
import {
  MAX_KEPT_ATTEMPTS,
  MAX_WAITING_EVENT_BYTES,
  MAX_WAITING_EVENTS,
  MAX_WEBHOOK_CALL_BYTES,
} from "../../model/limits.ts";
import type { WebhookCall } from "../../model/webhook.ts";
import type { Counters } from "./counters.ts";
import type { EventQueue } from "./event-queue.ts";

/** How many more than the limit may stand there: they go together. */
const SLACK = 100;

/** A row as it is read. */
type CallRow = Pick<WebhookCall, keyof WebhookCall>;

const READ = `SELECT id, type, from_seq AS fromSeq, to_seq AS toSeq, events, bytes, status, tries,
  next_at AS nextAt FROM calls`;

/**
 * The calls that one endpoint is to get: which events are in which is written down before it is sent, so a repeat is
 * the same call. Gone once sent; those that failed for good stay a while. Writing methods expect a transaction.
 */
export class CallStore {
  readonly #sql: SqlStorage;
  readonly #queue: EventQueue;
  readonly #counters: Counters;

  constructor(sql: SqlStorage, queue: EventQueue, counters: Counters) {
    this.#sql = sql;
    this.#queue = queue;
    this.#counters = counters;
  }

  /**
   * Makes a call of the next events, due now; null where there are none. One event alone is a call under its own id.
   */
  compose(eventsPerCall: number, now: number): WebhookCall | null {
    const events = this.#queue.takeFresh(eventsPerCall, MAX_WEBHOOK_CALL_BYTES);
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return null;
    const isBatch = eventsPerCall > 1;
    if (!isBatch && this.get(first.id) !== null) {
      // It was handed over a second time, so late that its source was forgotten: its call waits already.
      this.#queue.delete(first.seq, first.seq);
      this.#counters.noteDone(1, first.bytes);
      return this.compose(eventsPerCall, now);
    }
    return this.#insert({
      id: isBatch ? newId() : first.id,
      type: isBatch ? BATCH_TYPE : first.type,
      fromSeq: first.seq,
      toSeq: last.seq,
      events: events.length,
      bytes: events.reduce((sum, { bytes }) => sum + bytes, 0),
      status: "waiting",
      tries: 0,
      nextAt: now,
    });
  }

  /** A test that wasn't taken: it can be sent again by hand. */
  addFailedTest(call: { id: string; type: CallType }, message: WebhookMessage, now: number): void {
    const seq = this.#queue.addTest(message, now);
    this.#insert({
      ...call,
      fromSeq: seq,
      toSeq: seq,
      events: 1,
      bytes: 0,
      status: "failed",
      tries: 1,
      nextAt: null,
    });
    this.#noteFailed();
  }

  get(id: string): WebhookCall | null {
    return this.#sql.exec<CallRow>(`${READ} WHERE id = ?`, id).toArray()[0] ?? null;
  }

  /** What is signed and sent: the same at each attempt. */
  readBody({ id, type, fromSeq, toSeq }: WebhookCall): string {
    const events = this.#queue.list(fromSeq, toSeq);
    if (type === BATCH_TYPE) return batchBody(timeOfId(id), events);
    const [event] = events;
    if (event === undefined) throw new Error("A call's event is gone");
    return event.body;
  }

  /** The waiting call that has been due for longest, without those that are being sent. */
  findDue(now: number, except: readonly string[]): (WebhookCall & { nextAt: number }) | null {
    const [call] = this.#sql
      .exec<CallRow>(
        `${READ}
         WHERE status = 'waiting' AND next_at <= ? AND id NOT IN (SELECT value FROM json_each(?))
         ORDER BY next_at, id LIMIT 1`,
        now,
        JSON.stringify(except),
      )
      .toArray();
    return call === undefined ? null : { ...call, nextAt: call.nextAt ?? now };
  }

  /** When the next call is due, Unix ms; null where none waits. */
  nextAt(): number | null {
    return this.#sql
      .exec<{ at: number | null }>("SELECT MIN(next_at) AS at FROM calls WHERE status = 'waiting'")
      .one().at;
  }

  /** Removes a call that was taken, with its events. */
  remove({ id, fromSeq, toSeq, events, bytes }: WebhookCall): void {
    const [gone] = this.#sql
      .exec<{ status: string }>("DELETE FROM calls WHERE id = ? RETURNING status", id)
      .toArray();
    if (gone === undefined) return;
    this.#queue.delete(fromSeq, toSeq);
    if (gone.status === "waiting") this.#counters.noteDone(events, bytes);
    else this.#counters.noteDeletedFailedCall();
  }

  /** Notes that a call wasn't taken. `nextAt`: when it is sent again, Unix ms; null: never. */
  setFailedTry({ id, events, bytes }: WebhookCall, tries: number, nextAt: number | null): void {
    const status: WebhookCall["status"] = nextAt === null ? "failed" : "waiting";
    this.#sql.exec(
      "UPDATE calls SET status = ?, tries = ?, next_at = ? WHERE id = ?",
      status,
      tries,
      nextAt,
      id,
    );
    if (status === "waiting") return;
    this.#counters.noteDone(events, bytes);
    this.#noteFailed();
  }

  /**
   * Of what waits for later, the next `limit` are due now. `afterId`, `toId`: the ids to go through; null at their
   * end.
   */
  wake(afterId: string, toId: string, limit: number, now: number): string | null {
    const ids = this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM calls WHERE id > ? AND id <= ? ORDER BY id LIMIT ? + 0",
        afterId,
        toId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
    this.#sql.exec(
      `UPDATE calls SET next_at = ?1 WHERE id IN (SELECT value FROM json_each(?2))
         AND status = 'waiting' AND next_at > ?1`,
      now,
      JSON.stringify(ids),
    );
    return ids.length < limit ? null : (ids.at(-1) ?? null);
  }

  /**
   * Calls with ids from `fromId` on that had failed for good wait again, due now, and have all their tries anew. Those
   * of tests stay as they are. Returns how many there were, and whether the queue had no room for more.
   */
  recover(fromId: string, now: number): { recovered: number; isMore: boolean } {
    const failed = this.#sql
      .exec<CallRow>(
        `${READ} WHERE status = 'failed' AND id >= ? ORDER BY id LIMIT ? + 0`,
        fromId,
        MAX_KEPT_ATTEMPTS + SLACK,
      )
      .toArray()
      .filter(({ fromSeq }) => fromSeq > 0);
    const { waiting, bytes } = this.#counters.readQueue();
    const sum = { events: 0, bytes: 0 };
    const full = failed.findIndex((call) => {
      if (waiting + sum.events + call.events > MAX_WAITING_EVENTS) return true;
      if (bytes + sum.bytes + call.bytes > MAX_WAITING_EVENT_BYTES) return true;
      sum.events += call.events;
      sum.bytes += call.bytes;
      return false;
    });
    const fitting = full < 0 ? failed : failed.slice(0, full);
    this.#sql.exec(
      `UPDATE calls SET status = 'waiting', tries = 0, next_at = ?
       WHERE id IN (SELECT value FROM json_each(?))`,
      now,
      JSON.stringify(fitting.map(({ id }) => id)),
    );
    this.#counters.noteRecovered(fitting.length, sum.events, sum.bytes);
    this.#counters.wakeAfter(fromId);
    return { recovered: fitting.length, isMore: fitting.length < failed.length };
  }

  /** Removes up to `limit` from before `beforeId`, waiting or failed; true where there may be more. */
  expire(beforeId: string, limit: number): boolean {
    const old = this.#sql
      .exec<CallRow>(`${READ} WHERE id < ? ORDER BY id LIMIT ? + 0`, beforeId, limit)
      .toArray();
    for (const call of old) this.remove(call);
    return old.length === limit;
  }

  /** As many of those that failed for good are kept as attempts: they can be sent again by hand. */
  #noteFailed(): void {
    const count = this.#counters.addFailedCall();
    if (count < MAX_KEPT_ATTEMPTS + SLACK) return;
    const oldest = this.#sql
      .exec<CallRow>(
        `${READ} WHERE status = 'failed' AND id > '' ORDER BY id LIMIT ? + 0`,
        count - MAX_KEPT_ATTEMPTS,
      )
      .toArray();
    for (const call of oldest) this.remove(call);
  }

  #insert(call: WebhookCall): WebhookCall {
    this.#sql.exec(
      `INSERT INTO calls (id, type, from_seq, to_seq, events, bytes, status, tries, next_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      call.id,
      call.type,
      call.fromSeq,
      call.toSeq,
      call.events,
      call.bytes,
      call.status,
      call.tries,
      call.nextAt,
    );
    return call;
  }
}
