import { newId } from "../../model/ids.ts";

/**
 * One endpoint's numbers, a row: nothing is counted by a look at all that is stored. Writing methods expect to run
 * inside a transaction.
 */
export class Counters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What waits, and the number of the next event. */
  readQueue(): { waiting: number; bytes: number; next: number } {
    return this.#sql
      .exec<{ waiting: number; bytes: number; next: number }>(
        "SELECT waiting, waiting_bytes AS bytes, next_seq AS next FROM counters",
      )
      .one();
  }

  /** Notes events that came and wait. */
  noteCome(events: number, bytes: number): void {
    this.#sql.exec(
      `UPDATE counters SET next_seq = next_seq + ?1, waiting = waiting + ?1, waiting_bytes = waiting_bytes + ?2`,
      events,
      bytes,
    );
  }

  /** Up to this event all are in calls. */
  noteComposed(seq: number): void {
    this.#sql.exec("UPDATE counters SET composed_seq = ?", seq);
  }

  /** Notes that as many events wait no longer. */
  noteDone(events: number, bytes: number): void {
    this.#sql.exec(
      "UPDATE counters SET waiting = waiting - ?, waiting_bytes = waiting_bytes - ?",
      events,
      bytes,
    );
  }

  /** Returns how many tests there were. */
  addTest(): number {
    return this.#sql.exec<{ tests: number }>("UPDATE counters SET tests = tests + 1 RETURNING tests").one()
      .tests;
  }

  /** Returns how many attempts are kept. */
  addAttempt(): number {
    return this.#sql
      .exec<{ count: number }>("UPDATE counters SET attempts = attempts + 1 RETURNING attempts AS count")
      .one().count;
  }

  noteDeletedAttempts(count: number): void {
    this.#sql.exec("UPDATE counters SET attempts = attempts - ?", count);
  }

  /** Returns how many calls are kept that have failed for good. */
  addFailedCall(): number {
    return this.#sql
      .exec<{ count: number }>(
        "UPDATE counters SET failed_calls = failed_calls + 1 RETURNING failed_calls AS count",
      )
      .one().count;
  }

  /** Notes that calls which had failed for good wait again. */
  noteRecovered(calls: number, events: number, bytes: number): void {
    this.#sql.exec(
      `UPDATE counters SET failed_calls = failed_calls - ?, waiting = waiting + ?,
         waiting_bytes = waiting_bytes + ?`,
      calls,
      events,
      bytes,
    );
  }

  noteDeletedFailedCall(): void {
    this.#sql.exec("UPDATE counters SET failed_calls = failed_calls - 1");
  }

  /** How many events wait, and how many were dropped since the endpoint was disabled last. */
  readState(): { waiting: number; dropped: number } {
    return this.#sql
      .exec<{ waiting: number; dropped: number }>("SELECT waiting, dropped FROM counters")
      .one();
  }

  noteDropped(events: number): void {
    if (events > 0) this.#sql.exec("UPDATE counters SET dropped = dropped + ?", events);
  }

  /** Notes that the endpoint is disabled: what is dropped from here on is counted anew. */
  noteDisabled(): void {
    this.#sql.exec("UPDATE counters SET dropped = 0, woken_id = NULL, wake_to = NULL");
  }

  /** Notes that the endpoint is enabled again: all that waits now is to be woken, slice by slice. */
  noteEnabled(now: number): void {
    this.#sql.exec("UPDATE counters SET enabled_at = ?, woken_id = '', wake_to = ?", now, newId());
  }

  /** Since when it has been enabled again, Unix ms; null where it was never disabled. */
  getEnabledAt(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT enabled_at AS at FROM counters").one().at;
  }

  /** Notes that what waits for later, with an id above this one, is to be woken too. */
  wakeAfter(id: string): void {
    this.#sql.exec(
      "UPDATE counters SET woken_id = MIN(COALESCE(woken_id, ?1), ?1), wake_to = ?2",
      id,
      newId(),
    );
  }

  /** The ids of waiting calls that are still to be woken; null where there are none. */
  getWaking(): { afterId: string; toId: string } | null {
    const { afterId, toId } = this.#sql
      .exec<{ afterId: string | null; toId: string | null }>(
        "SELECT woken_id AS afterId, wake_to AS toId FROM counters",
      )
      .one();
    return afterId === null || toId === null ? null : { afterId, toId };
  }

  /** Null: all are awake. */
  setWoken(id: string | null): void {
    this.#sql.exec("UPDATE counters SET woken_id = ?", id);
  }
}
