import type { DueTable } from "./due.ts";
import type { Duty, DutyPauses } from "./duties.ts";

/** What an outbox is told from. `id`: its duty's, where an object has an outbox for each of many things. */
export interface OutboxContent {
  /** When something is to be told, Unix ms, in the past where it waits; null where nothing is. */
  nextAt(now: number, id: string): number | null;
  /**
   * Tells what is ready, as much as one turn may. Throws where something couldn't be told, after it has tried the rest.
   *
   * @param isRepeat the alarm's turn: what couldn't be told before is tried again
   */
  tell(isRepeat: boolean, id: string): Promise<void>;
}

export interface OutboxLimits {
  /** Should the instance die before it tells, its alarm does after so long, ms. */
  safetyMs: number;
  /** Between two turns of the alarm at least, ms. */
  pauseMs: number;
  /** Before the alarm repeats what couldn't be told. */
  pauses: DutyPauses;
}

/**
 * What an object has to tell somebody: written down in the transaction of what it is about, told soon after, and
 * repeated by the alarm until it was heard. So a crash at any moment costs a repeat at most; whoever is told ignores
 * what it has heard before.
 *
 * Where and how it is stored is its content's matter. The outbox sees to the time: one turn at a time, and an alarm
 * for as long as anything is left.
 */
export class Outbox implements Duty {
  readonly kind: string;
  readonly pauses: DutyPauses;
  readonly #due: DueTable;
  readonly #limits: OutboxLimits;
  readonly #content: OutboxContent;
  readonly #running = new Map<string, Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = 0;
  #lastTurnAt = 0;

  constructor(kind: string, due: DueTable, limits: OutboxLimits, content: OutboxContent) {
    this.kind = kind;
    this.pauses = limits.pauses;
    this.#due = due;
    this.#limits = limits;
    this.#content = content;
  }

  /** When the last turn began, Unix ms; 0 in an instance that had none. */
  get lastTurnAt(): number {
    return this.#lastTurnAt;
  }

  /** Inside the transaction that wrote something down: whatever happens next, the alarm tells it. */
  noteWritten(now: number, id = ""): void {
    this.#due.ensure(this.kind, id, now + this.#limits.safetyMs);
  }

  /** The same for what is not to wait for the repeat of what failed before it: its content has times of its own. */
  noteUrgent(now: number, id = ""): void {
    this.#due.bringForward(this.kind, id, now + this.#limits.safetyMs);
  }

  /** After that transaction: tells at `at` (Unix ms), or sooner where that was asked for. Nobody waits for it. */
  schedule(at: number): void {
    if (this.#timer !== null) {
      if (this.#timerAt <= at) return;
      clearTimeout(this.#timer);
    }
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        // What couldn't be told stays in its table: the alarm tells it again, and logs the failure.
        this.tell().catch(() => {});
      },
      Math.max(0, at - Date.now()),
    );
  }

  /** After that transaction: resolves when all that is ready was told; throws where something couldn't be. */
  async tell(id = ""): Promise<void> {
    await this.#takeTurn(id, false);
  }

  /** The same, of which nobody needs to know how it went: the alarm repeats it, and logs. */
  async tellIfPossible(id = ""): Promise<void> {
    await this.tell(id).catch(() => {});
  }

  async serve(id: string): Promise<void> {
    await this.#takeTurn(id, true);
    if (this.#due.hasEnded) return;
    const now = Date.now();
    const nextAt = this.#content.nextAt(now, id);
    if (nextAt === null) this.#due.remove(this.kind, id);
    else this.#due.set(this.kind, id, Math.max(nextAt, now + this.#limits.pauseMs));
  }

  async #takeTurn(id: string, isRepeat: boolean): Promise<void> {
    for (;;) {
      const running = this.#running.get(id);
      if (running === undefined) break;
      await running.catch(() => {});
      // The call that was waited for, or another that waited as well, may have told everything by now.
      if (this.#content.nextAt(Date.now(), id) === null) return;
    }
    this.#lastTurnAt = Date.now();
    const turn = this.#content.tell(isRepeat, id).finally(() => this.#running.delete(id));
    this.#running.set(id, turn);
    await turn;
  }
}

/** Rows that are told one by one: one that can't be holds up no other. */
export interface OutboxRows<Row> {
  /** What is ready, the oldest first. */
  list(now: number, limit: number, id: string): Row[];
  tell(row: Row): Promise<void>;
  /** Removes a row that was told, unless it was changed meanwhile. */
  remove(row: Row): void;
  /** When the next is ready, where rows have times of their own; else the first that is listed is. */
  nextAt?(now: number, id: string): number | null;
  /** It couldn't be told: it gets another time, and the others need no pause. */
  postpone?(row: Row, error: unknown): void;
  /** Before the rows of a turn are told. */
  prepare?(): Promise<void>;
}

/** An outbox's content of rows, of which a turn tells so many at once. */
export function eachRow<Row>(rows: OutboxRows<Row>, rowsPerTurn: number): OutboxContent {
  const tellOne = async (row: Row): Promise<void> => {
    try {
      await rows.tell(row);
    } catch (error) {
      if (rows.postpone === undefined) throw error;
      rows.postpone(row, error);
      return;
    }
    rows.remove(row);
  };
  return {
    nextAt: (now, id) => {
      if (rows.nextAt !== undefined) return rows.nextAt(now, id);
      return rows.list(now, 1, id).length > 0 ? now : null;
    },
    tell: async (_, id) => {
      const ready = rows.list(Date.now(), rowsPerTurn, id);
      if (ready.length === 0) return;
      await rows.prepare?.();
      const told = await Promise.allSettled(ready.map(tellOne));
      const failed = told.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
  };
}
