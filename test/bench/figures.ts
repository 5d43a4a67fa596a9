/** What each figure has to be; printed beside it, never asserted: absolute times differ from machine to machine. */
export function report(name: string, value: string, goal = ""): void {
  console.log(`${name.padEnd(46)}${value.padStart(24)}   ${goal}`.trimEnd());
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** The median, and the least and the most beside it: how noisy the machine was. */
export function showMs(values: readonly number[]): string {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map(formatNumber);
  return `${middle} ms (${least}–${most})`;
}

/** A rate as its median, and the least and the most beside it. */
export function showPerSecond(values: readonly number[]): string {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map(formatNumber);
  return `${middle}/s (${least}–${most})`;
}

export function formatNumber(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
