interface Lane {
  running: number;
  waiting: (() => void)[];
}

/**
 * At most so many things at once, shared fairly by lanes: what is free goes to the lane that has the least, so
 * that a slow one doesn't keep all.
 */
export class Slots {
  readonly #count: number;
  readonly #lanes = new Set<Lane>();
  #running = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** A lane's way in: runs `work` when it is its turn. */
  openLane(): <T>(work: () => Promise<T>) => Promise<T> {
    const lane: Lane = { running: 0, waiting: [] };
    this.#lanes.add(lane);
    return async (work) => {
      await new Promise<void>((resolve) => {
        lane.waiting.push(resolve);
        this.#startNext();
      });
      try {
        return await work();
      } finally {
        lane.running--;
        this.#running--;
        this.#startNext();
      }
    };
  }

  #startNext(): void {
    while (this.#running < this.#count) {
      let next: Lane | null = null;
      for (const lane of this.#lanes) {
        if (lane.waiting.length > 0 && (next === null || lane.running < next.running)) next = lane;
      }
      if (next === null) return;
      next.running++;
      this.#running++;
      next.waiting.shift()?.();
    }
  }
}
