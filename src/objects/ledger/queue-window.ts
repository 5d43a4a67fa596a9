import {
  addUnit,
  eachUnit,
  type FinishedUnit,
  type Handout,
  removeUnit,
  takeUnits,
  type UnitRange,
} from "../../model/chunk-units.ts";
import { PRIORITIES, type Priority } from "../../model/notification.ts";
import { type WaitingBatch, WaitingBatches } from "./waiting-batches.ts";
import { WindowSize } from "./window-size.ts";

/** SQL of what {@link QueueWindow} keeps: a row per queue, and one per batch that has more than fits into it. */
export const QUEUE_WINDOW_SCHEMA = [
  "CREATE TABLE queue_windows (priority TEXT PRIMARY KEY, sent TEXT NOT NULL) WITHOUT ROWID",
  `CREATE TABLE queue_waiting (
    notification_id TEXT PRIMARY KEY, priority TEXT NOT NULL, attempt INTEGER NOT NULL,
    todo TEXT NOT NULL, lost TEXT NOT NULL) WITHOUT ROWID`,
  "CREATE INDEX queue_waiting_turn ON queue_waiting (priority, notification_id) WHERE todo <> '[]'",
] as const;

/** How often a queue gets a message where higher ones of the app take all places, ms. */
export const LOWER_EVERY_MS = 250;

/** A unit in the queue, and when it went there (Unix ms). */
type Sent = [notificationId: string, attempt: number, unit: number, at: number];

interface Surroundings {
  sql: SqlStorage;
  /** The attempt that an uncompleted notification is at; null for a completed one. */
  runningAttempt: (notificationId: string) => number | null;
}

/**
 * What of a ledger's batches is in the queues: a few messages in each (window-size.ts), so that another app's batch
 * waits for a few chunks and not for all of them. The queues of all priorities share the places, the higher first.
 * What comes next is dealt to the batches in turn, a unit each. Rows are written by the call and not by the chunk: a
 * queue's messages are a row, and what a batch has left is one.
 *
 * A message that isn't heard of for as long as a lease loses its place, so that a queue that lost messages goes on;
 * whether it is sent again is the watchdog's to say. Writing methods expect to run in a transaction; after one that was
 * rolled back {@link forgetMemory} is to be called.
 */
export class QueueWindow {
  readonly #sql: SqlStorage;
  readonly #waiting: WaitingBatches;
  readonly #runningAttempt: Surroundings["runningAttempt"];
  /** The rows of `queue_windows`, as far as they were read. */
  readonly #windows = new Map<Priority, Sent[]>();
  /** Queues that nothing waits for, as far as that is known. */
  readonly #idle = new Set<Priority>();
  readonly #sizes = new Map<Priority, WindowSize>();
  /** When a queue got something last, Unix ms. Lost with the instance. */
  readonly #filledAt = new Map<Priority, number>();
  /** The batch that had the last turn. Lost with the instance: then the oldest begins. */
  readonly #turns = new Map<Priority, string>();

  constructor({ sql, runningAttempt }: Surroundings) {
    this.#sql = sql;
    this.#waiting = new WaitingBatches(sql);
    this.#runningAttempt = runningAttempt;
  }

  forgetMemory(): void {
    this.#windows.clear();
    this.#idle.clear();
  }

  /** Takes a batch in; returns what may go to the queue now. */
  add(batch: Omit<WaitingBatch, "lost">, now: number, leaseMs: number): Handout[] {
    const { priority, notificationId, attempt, todo } = batch;
    this.#expire(priority, now - leaseMs);
    const window = this.#window(priority);
    const free = this.#free(priority, now);
    if (this.#hasWaiting(priority) || free <= 0) {
      this.#put({ ...batch, lost: [] });
      return this.fill(priority, now, leaseMs);
    }
    // Mostly no other batch waits, and a batch that fits into the queue needs no row of its own.
    const units = takeUnits(todo, free);
    for (const unit of units) window.push([notificationId, attempt, unit, now]);
    if (todo.length > 0) this.#put({ ...batch, lost: [] });
    this.#filledAt.set(priority, now);
    this.#save(priority);
    return [{ notificationId, attempt, priority, units }];
  }

  /**
   * Messages were done with that had waited for so long; returns what takes their places. What isn't in a queue any
   * more changes nothing.
   */
  finish(done: readonly FinishedUnit[], waitedMs: number, now: number, leaseMs: number): Handout[] {
    const changed = new Set<Priority>();
    for (const finished of done) {
      const priority = this.#removeSent(finished);
      if (priority === null) this.#removeLost(finished);
      else changed.add(priority);
    }
    for (const priority of changed) this.#size(priority).note(waitedMs, now);
    // A queue with room lets those of lower priority have more, too.
    const from = PRIORITIES.findIndex((priority) => changed.has(priority));
    return from < 0
      ? []
      : PRIORITIES.slice(from).flatMap((priority) =>
          this.fill(priority, now, leaseMs, changed.has(priority)),
        );
  }

  /** Hands out what fits into the queue of this priority. `hasChanged`: what is in it is to be written in any case. */
  fill(priority: Priority, now: number, leaseMs: number, hasChanged = false): Handout[] {
    const hasExpired = this.#expire(priority, now - leaseMs);
    const window = this.#window(priority);
    const handouts = this.#deal(priority, this.#free(priority, now));
    for (const { notificationId, attempt, units } of handouts) {
      for (const unit of units) window.push([notificationId, attempt, unit, now]);
    }
    if (handouts.length > 0) this.#filledAt.set(priority, now);
    if (hasChanged || hasExpired || handouts.length > 0) this.#save(priority);
    return handouts;
  }

  /** Fills the free places of every queue. */
  fillAll(now: number, leaseMs: number): Handout[] {
    return PRIORITIES.flatMap((priority) => this.fill(priority, now, leaseMs));
  }

  /** True where a queue is empty that has batches waiting: the higher ones' messages have its places. */
  isHeldBack(): boolean {
    return PRIORITIES.some((priority) => this.#window(priority).length === 0 && this.#hasWaiting(priority));
  }

  /** Units of a batch that have a place in the queue, as a handout. */
  listSent(notificationId: string, priority: Priority): Handout[] {
    const sent = this.#window(priority).filter(([id]) => id === notificationId);
    const [first] = sent;
    if (first === undefined) return [];
    return [{ notificationId, attempt: first[1], priority, units: sent.map(([, , unit]) => unit) }];
  }

  /** Units of a batch that were sent and not heard of, with a place in the queue or without. */
  listUnheard(notificationId: string, priority: Priority): number[] {
    const lost = this.#waiting.get(notificationId)?.lost ?? [];
    return [...eachUnit(lost), ...this.listSent(notificationId, priority).flatMap(({ units }) => units)];
  }

  /** True where a batch has units that weren't sent yet. */
  isWaiting(notificationId: string): boolean {
    return (this.#waiting.get(notificationId)?.todo.length ?? 0) > 0;
  }

  /** Of the units that weren't heard of, these are to be sent again; the others are done with. */
  resend(batch: Omit<WaitingBatch, "lost">, now: number, leaseMs: number): Handout[] {
    const { notificationId, priority, attempt } = batch;
    const kept = this.#window(priority).filter(([id]) => id !== notificationId);
    this.#windows.set(priority, kept);
    const known = this.#waiting.get(notificationId);
    const todo = known?.attempt === attempt ? known.todo : [];
    for (const unit of eachUnit(batch.todo)) addUnit(todo, unit);
    this.#put({ ...batch, todo, lost: [] });
    return this.fill(priority, now, leaseMs, true);
  }

  /** A batch is completed: nothing of it waits. What is in the queue leaves it as it came. */
  drop(notificationId: string): void {
    this.#waiting.delete(notificationId);
  }

  /**
   * Places left in a queue. Messages in the app's queues of higher priority take its places too, so that an app that
   * sends at every priority has no more on its way than others; now and then it gets one all the same, and goes on.
   */
  #free(priority: Priority, now: number): number {
    let places = this.#size(priority).size;
    for (const higher of PRIORITIES.slice(0, PRIORITIES.indexOf(priority)))
      places -= this.#window(higher).length;
    const isItsTurn = now - (this.#filledAt.get(priority) ?? 0) >= LOWER_EVERY_MS;
    return Math.max(isItsTurn ? 1 : 0, places) - this.#window(priority).length;
  }

  #hasWaiting(priority: Priority): boolean {
    if (this.#idle.has(priority)) return false;
    if (this.#waiting.listInTurn(priority, "", 1).length > 0) return true;
    this.#idle.add(priority);
    return false;
  }

  #deal(priority: Priority, free: number): Handout[] {
    if (free <= 0 || this.#idle.has(priority)) return [];
    const batches = this.#waiting.listInTurn(priority, this.#turns.get(priority) ?? "", free);
    const dealt = new Map<WaitingBatch, number[]>(batches.map((batch) => [batch, []]));
    for (let left = free, moved = true; moved && left > 0; ) {
      moved = false;
      for (const [batch, units] of dealt) {
        const [unit] = left > 0 ? takeUnits(batch.todo, 1) : [];
        if (unit === undefined) continue;
        units.push(unit);
        this.#turns.set(priority, batch.notificationId);
        moved = true;
        left--;
      }
    }
    for (const batch of batches) this.#put(batch);
    if (batches.length < free && batches.every(({ todo }) => todo.length === 0)) this.#idle.add(priority);
    return [...dealt].map(([{ notificationId, attempt }, units]) => ({
      notificationId,
      attempt,
      priority,
      units,
    }));
  }

  /** Takes away places from before then. Units of batches that aren't completed are kept as lost. */
  #expire(priority: Priority, before: number): boolean {
    const window = this.#window(priority);
    const kept = window.filter(([, , , at]) => at > before);
    if (kept.length === window.length) return false;
    for (const [notificationId, attempt, unit, at] of window) {
      if (at > before || this.#runningAttempt(notificationId) !== attempt) continue;
      const known = this.#waiting.get(notificationId);
      const todo: UnitRange[] = known?.attempt === attempt ? known.todo : [];
      const lost: UnitRange[] = known?.attempt === attempt ? known.lost : [];
      addUnit(lost, unit);
      this.#put({ notificationId, priority, attempt, todo, lost });
    }
    this.#windows.set(priority, kept);
    return true;
  }

  /** The queue that the unit had its place in; null where it had none. */
  #removeSent({ notificationId, attempt, unit }: FinishedUnit): Priority | null {
    for (const priority of PRIORITIES) {
      const window = this.#window(priority);
      const index = window.findIndex(
        (sent) => sent[0] === notificationId && sent[1] === attempt && sent[2] === unit,
      );
      if (index < 0) continue;
      window.splice(index, 1);
      return priority;
    }
    return null;
  }

  #removeLost({ notificationId, attempt, unit }: FinishedUnit): void {
    const batch = this.#waiting.get(notificationId);
    if (batch !== null && batch.attempt === attempt && removeUnit(batch.lost, unit)) this.#put(batch);
  }

  #put(batch: WaitingBatch): void {
    this.#waiting.put(batch);
    if (batch.todo.length > 0) this.#idle.delete(batch.priority);
  }

  #size(priority: Priority): WindowSize {
    let size = this.#sizes.get(priority);
    if (size === undefined) {
      size = new WindowSize();
      this.#sizes.set(priority, size);
    }
    return size;
  }

  #window(priority: Priority): Sent[] {
    let window = this.#windows.get(priority);
    if (window === undefined) {
      const [row] = this.#sql
        .exec<{ sent: string }>("SELECT sent FROM queue_windows WHERE priority = ?", priority)
        .toArray();
      window = row === undefined ? [] : (JSON.parse(row.sent) as Sent[]);
      this.#windows.set(priority, window);
    }
    return window;
  }

  #save(priority: Priority): void {
    this.#sql.exec(
      `INSERT INTO queue_windows (priority, sent) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET sent = excluded.sent`,
      priority,
      JSON.stringify(this.#window(priority)),
    );
  }
}
