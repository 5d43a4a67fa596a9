import type { DueDuty, DueTable } from "./due.ts";

/** Before a duty that failed is served again, ms: doubled each time, up to the longest. */
export interface DutyPauses {
  firstMs: number;
  longestMs: number;
}

/** Something that an object does at a time, by its alarm. */
export interface Duty {
  /** Stored with each row: a kind is never renamed while rows of it may stand. */
  readonly kind: string;
  /** Pauses after a failure; where absent, ten seconds to five minutes. */
  readonly pauses?: DutyPauses;
  /**
   * Its time has come. Gives its row the next time or removes it; where it throws, it is served again, later each time.
   *
   * @param id which of the kind; "" where there is but one
   * @param now Unix ms
   */
  serve(id: string, now: number): Promise<void> | void;
}

/** Duties that one turn of an alarm serves: what else is due is the next one's, at once. */
export const DUTIES_PER_TURN = 20;
const PAUSES: DutyPauses = { firstMs: 10_000, longestMs: 5 * 60 * 1000 };
/** Failing duties whose pauses are remembered; any other waits for the first pause. */
const MAX_REMEMBERED = 1000;

/**
 * An object's duties, and its one alarm. A duty that throws waits and holds up no other; one that the code doesn't
 * know is parked until a code comes that does. An alarm never throws, as the platform gives up one that failed six
 * times (developers.cloudflare.com/durable-objects/api/alarms); what ended a turn from outside doesn't get to the next
 * one's neighbours.
 */
export class Duties {
  readonly #storage: DurableObjectStorage;
  readonly #due: DueTable;
  readonly #owner: string;
  readonly #duties: ReadonlyMap<string, Duty>;
  /** How often in a row a duty has failed. Lost with the instance. */
  readonly #failures = new Map<string, number>();

  /** @param owner the object's name, for what is logged */
  constructor(storage: DurableObjectStorage, due: DueTable, owner: string, duties: readonly Duty[]) {
    this.#storage = storage;
    this.#due = due;
    this.#owner = owner;
    this.#duties = new Map(duties.map((duty) => [duty.kind, duty]));
    due.setKinds([...this.#duties.keys()]);
  }

  /** The object's alarm. */
  async run(info?: Pick<AlarmInvocationInfo, "isRetry">): Promise<void> {
    this.#due.beginTurn();
    try {
      for (const duty of this.#due.list(Date.now(), DUTIES_PER_TURN)) {
        if (this.#due.hasEnded) break;
        // The last turn didn't come to its end: maybe one of these ended it, and would end this one too.
        if (info?.isRetry) await this.#postpone(duty);
        await this.#serve(duty);
      }
    } catch (error) {
      console.error({ message: "a turn of an alarm failed", object: this.#owner, error });
    } finally {
      this.#due.endTurn();
    }
  }

  async #serve(row: DueDuty): Promise<void> {
    const { kind, id } = row;
    const duty = this.#duties.get(kind);
    if (duty === undefined) {
      console.error({
        message: "a duty is parked that this code doesn't know",
        object: this.#owner,
        kind,
        id,
      });
      this.#due.park(row);
      return;
    }
    try {
      await duty.serve(id, Date.now());
      if (!this.#due.hasEnded && !this.#due.isLookedAfter(row)) {
        throw new Error("The duty was served and left its row as it was");
      }
      this.#failures.delete(`${kind}:${id}`);
    } catch (error) {
      if (this.#due.hasEnded) return;
      console.error({ message: `the duty "${kind}" failed`, object: this.#owner, id, error });
      this.#due.set(kind, id, Date.now() + this.#nextPauseMs(`${kind}:${id}`, duty.pauses));
    }
  }

  /** Stored before the duty is served, with the alarm. */
  async #postpone({ kind, id }: DueDuty): Promise<void> {
    this.#due.set(kind, id, Date.now() + PAUSES.firstMs);
    this.#due.rearm();
    await this.#storage.sync();
  }

  #nextPauseMs(key: string, { firstMs, longestMs }: DutyPauses = PAUSES): number {
    const failures = this.#failures.get(key) ?? 0;
    if (failures > 0 || this.#failures.size < MAX_REMEMBERED) this.#failures.set(key, failures + 1);
    return Math.min(firstMs * 2 ** failures, longestMs);
  }
}
