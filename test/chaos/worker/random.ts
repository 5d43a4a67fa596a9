/** A seeded generator: the same seed gives the same numbers, on every machine. */
export interface Random {
  /** From 0, below 1. */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  shuffle<T>(values: readonly T[]): T[];
}

/** Mulberry32, of which a seed's 2^32 values are enough here. `parts` make streams that don't touch each other. */
export function createRandom(seed: number, ...parts: readonly (string | number)[]): Random {
  let state = hash(`${seed}:${parts.join(":")}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick: (choices) => choices[between(0, choices.length - 1)] ?? choices[0],
    shuffle(values) {
      const shuffled = [...values];
      for (let end = shuffled.length - 1; end > 0; end--) {
        const other = between(0, end);
        const [moved] = shuffled.splice(other, 1);
        if (moved !== undefined) shuffled.push(moved);
      }
      return shuffled;
    },
  };
}

/** FNV-1a: near seeds begin far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}
