/**
 * A number of a body whose digits a double doesn't keep (`12345678901234567890`, `1.10`), as it was sent. It is a
 * symbol: whatever doesn't know of it takes it for a value of a wrong type, and none for an object or a text.
 */
type SentNumber = symbol;

export function keepDigits(source: string): SentNumber {
  return Symbol(source);
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
