/** What JSON text would cost to parse, seen in its bytes: what asks for too much is refused before it is made. Pure. */

/** UTF-8 has these bytes for these characters alone. */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const SPACE = 0x20;

export interface JsonBounds {
  /** Levels of nesting. */
  depth: number;
  /** Objects, arrays, texts, numbers, booleans and nulls; keys don't count. */
  values: number;
}

/**
 * Which bound JSON text is beyond, null for none. Text that isn't JSON may get any answer: the parser, which
 * stops at its first fault, has by then made no more than was counted here.
 */
export function findExceededBound(bytes: Uint8Array, bounds: JsonBounds): keyof JsonBounds | null {
  let depth = 0;
  let values = 0;
  let isInScalar = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) {
      index = findEndOfText(bytes, index);
      values++;
      continue;
    }
    const isScalar = isScalarByte(byte);
    if (isScalar && !isInScalar) values++;
    isInScalar = isScalar;
    if (byte === COLON) {
      // The text before it was a key.
      values--;
    } else if (byte === BRACKET_OPEN || byte === BRACE_OPEN) {
      values++;
      if (++depth > bounds.depth) return "depth";
    } else if (byte === BRACKET_CLOSE || byte === BRACE_CLOSE) {
      depth--;
      if (values > bounds.values) return "values";
    } else if (byte === COMMA && values > bounds.values) return "values";
  }
  return values > bounds.values ? "values" : null;
}

/** The index of the quote that closes a text. */
function findEndOfText(bytes: Uint8Array, start: number): number {
  let index = start + 1;
  for (; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === BACKSLASH) index++;
    else if (byte === QUOTE) return index;
  }
  return index;
}

// Of a number, true, false or null: whatever is neither white space nor a sign of structure.
function isScalarByte(byte: number): boolean {
  return (
    byte > SPACE &&
    byte !== COMMA &&
    byte !== COLON &&
    byte !== BRACKET_OPEN &&
    byte !== BRACKET_CLOSE &&
    byte !== BRACE_OPEN &&
    byte !== BRACE_CLOSE
  );
}
