/** Whether one name was hardly meant to be another than a known one. Pure. */

/** Shorter names are too near to too many others. */
export const MIN_TYPO_LENGTH = 4;

/** The same in another case or style, with or without an `s`, or with one typo. */
export function isLookalike(name: string, known: string): boolean {
  const [a, b] = [normalizeName(name), normalizeName(known)];
  if (a === b || a === `${b}s` || b === `${a}s`) return a !== "";
  return Math.min(a.length, b.length) >= MIN_TYPO_LENGTH && isOneEditAway(a, b);
}

/** A name without its case and style. */
export function normalizeName(name: string): string {
  return name.length > 64 ? name : name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** One letter more, less or other, or two neighbours exchanged. */
function isOneEditAway(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start++;
  if (long.length > short.length) return short.slice(start) === long.slice(start + 1);
  if (short.slice(start + 1) === long.slice(start + 1)) return true;
  const isExchanged = short[start] === long[start + 1] && short[start + 1] === long[start];
  return isExchanged && short.slice(start + 2) === long.slice(start + 2);
}
