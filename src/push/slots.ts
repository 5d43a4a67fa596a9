/** Of the slots, how many those may have that may not answer: the others stay free for who does. */
const SUSPECT_SLOTS = 2;
/** Things at once of one owner. */
const OWNER_SLOTS = 2;

/** Whose something is, and whether it may take long, asked when it is about to begin. */
export interface Kind {
  owner: string;
  isSuspect: () => boolean;
}

interface Waiting extends Kind {
  start: (isSuspect: boolean) => void;
}

interface Lane {
  running: number;
  waiting: Waiting[];
}

/**
 * At most so many things at once, shared fairly: what is free goes to the lane that has the least; of one owner at most
 * two run at once; and suspects have two of the slots among them, so that slow ones don't keep all.
 */
export class Slots {
  readonly #count: number;
  readonly #lanes = new Set<Lane>();
  readonly #owners = new Map<string, number>();
  #running = 0;
  #suspects = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** A lane's way in: runs `work` when it is its turn. */
  openLane(): <T>(work: () => Promise<T>, kind?: Kind) => Promise<T> {
    const lane: Lane = { running: 0, waiting: [] };
    this.#lanes.add(lane);
    return async (work, kind = { owner: "", isSuspect: () => false }) => {
      const wasSuspect = await new Promise<boolean>((resolve) => {
        lane.waiting.push({ ...kind, start: resolve });
        this.#startNext();
      });
      try {
        return await work();
      } finally {
        lane.running--;
        this.#running--;
        if (wasSuspect) this.#suspects--;
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
      const isSuspect = chosen.isSuspect();
      next.lane.running++;
      this.#running++;
      if (isSuspect) this.#suspects++;
      this.#countOwner(chosen.owner, 1);
      chosen.start(isSuspect);
    }
  }

  #mayStart({ owner, isSuspect }: Waiting): boolean {
    if (owner !== "" && (this.#owners.get(owner) ?? 0) >= OWNER_SLOTS) return false;
    return this.#suspects < SUSPECT_SLOTS || !isSuspect();
  }

  #countOwner(owner: string, change: number): void {
    if (owner === "") return;
    const count = (this.#owners.get(owner) ?? 0) + change;
    if (count === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, count);
  }
}
