import { MAX_USER_CALLS_AT_ONCE } from "../model/limits.ts";

/** 0: it answers soon, as far as is known. 1: nothing is known of it. 2: it kept silent lately. */
export type Doubt = 0 | 1 | 2;
/** By a doubt, how many slots calls may have that are in so much doubt or more: the others stay free for the rest. */
export type DoubtfulSlots = Record<1 | 2, number>;
/** In the queues where the pushes to prompt services wait as well. */
export const MAIN_SLOTS: DoubtfulSlots = { 1: 2, 2: 1 };
/** In the queue of those to slow services. */
export const SLOW_SLOTS: DoubtfulSlots = { 1: 5, 2: 3 };
/** How many things in doubt of one owner are under way at once. */
const OWNER_DOUBTFUL = 1;

/** Whose something is, and whether it may take long, asked when it is about to begin. */
export interface Kind {
  owner: string;
  getDoubt: () => Doubt;
}

interface Waiting extends Kind {
  start: (doubt: Doubt) => void;
}

interface Lane {
  running: number;
  waiting: Waiting[];
}

/**
 * At most so many things at once, shared fairly: what is free goes to the lane that has the least; of one owner at most
 * two run at once, one where it is in doubt; and what is in doubt has a part of the slots, so that slow ones don't
 * keep all.
 */
export class Slots {
  readonly #count: number;
  readonly #doubtfulSlots: DoubtfulSlots;
  readonly #lanes = new Set<Lane>();
  readonly #owners = new Map<string, number>();
  #running = 0;
  /** How many of the taken slots are in doubt, by how great the doubt is. */
  readonly #doubtful: Record<1 | 2, number> = { 1: 0, 2: 0 };

  constructor(count: number, doubtfulSlots: DoubtfulSlots) {
    this.#count = count;
    this.#doubtfulSlots = doubtfulSlots;
  }

  /** A lane's way in: runs `work` when it is its turn. */
  openLane(): <T>(work: () => Promise<T>, kind?: Kind) => Promise<T> {
    const lane: Lane = { running: 0, waiting: [] };
    this.#lanes.add(lane);
    return async (work, kind = { owner: "", getDoubt: () => 0 }) => {
      const doubt = await new Promise<Doubt>((resolve) => {
        lane.waiting.push({ ...kind, start: resolve });
        this.#startNext();
      });
      try {
        return await work();
      } finally {
        lane.running--;
        this.#running--;
        this.#countDoubt(doubt, -1);
        this.#countOwner(kind.owner, -1);
        this.#startNext();
      }
    };
  }

  #startNext(): void {
    while (this.#running < this.#count) {
      let next: { lane: Lane; index: number } | null = null;
      for (const lane of this.#lanes) {
        if (next !== null && lane.running >= next.lane.running) continue;
        const index = lane.waiting.findIndex((waiting) => this.#mayStart(waiting));
        if (index >= 0) next = { lane, index };
      }
      const [chosen] = next === null ? [] : next.lane.waiting.splice(next.index, 1);
      if (next === null || chosen === undefined) return;
      const doubt = chosen.getDoubt();
      next.lane.running++;
      this.#running++;
      this.#countDoubt(doubt, 1);
      this.#countOwner(chosen.owner, 1);
      chosen.start(doubt);
    }
  }

  #mayStart({ owner, getDoubt }: Waiting): boolean {
    const ofOwner = owner === "" ? 0 : (this.#owners.get(owner) ?? 0);
    if (ofOwner >= MAX_USER_CALLS_AT_ONCE) return false;
    const doubt = getDoubt();
    if (doubt === 0) return true;
    if (ofOwner >= OWNER_DOUBTFUL || this.#doubtful[1] >= this.#doubtfulSlots[1]) return false;
    return doubt === 1 || this.#doubtful[2] < this.#doubtfulSlots[2];
  }

  #countDoubt(doubt: Doubt, change: number): void {
    if (doubt >= 1) this.#doubtful[1] += change;
    if (doubt === 2) this.#doubtful[2] += change;
  }

  #countOwner(owner: string, change: number): void {
    if (owner === "") return;
    const count = (this.#owners.get(owner) ?? 0) + change;
    if (count === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, count);
  }
}
