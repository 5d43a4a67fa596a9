/**
 * A number of a body whose digits a double doesn't keep (`12345678901234567890`, `1.10`), as it was sent. It is a
 * symbol: whatever doesn't know of it takes it for a value of a wrong type, and none for an object or a text.
 */
type SentNumber = symbol;

function keepDigits(source: string): SentNumber {
  return Symbol(source);
}

/**
 * For JSON.parse, whose `context` has the text of a number, a text or such: {@link keepDigits} where that is needed.
 */
export function reviveDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  return withSource(value, context, keepDigits);
}

function withSource(
  value: unknown,
  context: { source?: string } | undefined,
  keep: (source: string) => unknown,
): unknown {
  const source = context?.source;
  const isChanged = typeof value === "number" && source !== undefined && String(value) !== source;
  return isChanged ? keep(source) : value;
}

/** The digits of a number that was kept so; null for anything else. */
export function digitsOf(value: unknown): string | null {
  return typeof value === "symbol" ? (value.description ?? "") : null;
}

/** The value; a number that was kept as text. */
export function withDigitsAsText(value: unknown): unknown {
  return digitsOf(value) ?? value;
}

/** The value; a number that was kept as the nearest that there is. */
export function withDigitsAsNumber(value: unknown): unknown {
  const digits = digitsOf(value);
  return digits === null ? value : Number(digits);
}

/** A value with all its numbers, at any depth, as JavaScript's. */
export function withAllDigitsAsNumbers(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return withDigitsAsNumber(value);
  if (Array.isArray(value)) return value.map(withAllDigitsAsNumbers);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withAllDigitsAsNumbers(part)]),
  );
}

declare global {
  interface JSON {
    /** ECMAScript's: what is written as this text. */
    rawJSON(text: string): object;
  }
}

/** JSON text, in which numbers that were kept have their digits. */
export function stringifyAsSent(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    const digits = digitsOf(part);
    return digits === null ? part : JSON.rawJSON(digits);
  });
}

/** Found in every number that a double doesn't keep, and in some other text. */
const MAYBE_LONG_NUMBER = /\d[.eE]|-0|\d{16}/;

/** What {@link stringifyAsSent} wrote, as a value to be written once more: its numbers keep their digits. */
export function parseAsSent(text: string): unknown {
  // With a reviver it takes several times as long.
  if (!MAYBE_LONG_NUMBER.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    withSource(value, context, (source) => JSON.rawJSON(source)),
  );
}
