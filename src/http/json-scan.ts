import {
  BACKSLASH,
  BRACE_CLOSE,
  BRACE_OPEN,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  COMMA,
  LOWER_E,
  MINUS,
  NINE,
  POINT,
  QUOTE,
  SPACE,
  UPPER_E,
  ZERO,
} from "../text/ascii.ts";

/** What JSON text would cost to parse, seen in its bytes: what asks for too much is refused before it is made. Pure. */

export interface JsonBounds {
  /** Levels of nesting. */
  depth: number;
  /** Objects, arrays, texts, numbers, booleans and nulls; keys don't count. */
  values: number;
}

export interface JsonScan {
  /** Which bound the text is beyond, null for none: then nothing else is known of it. */
  exceeded: keyof JsonBounds | null;
  /** A number stands in it whose digits a double may not keep: a fraction, an exponent, or many digits. */
  hasLongNumbers: boolean;
}

/** Every whole number of as many characters is kept by a double, and written the same. */
const MAX_PLAIN_NUMBER = 15;
const EXPONENT: readonly number[] = [UPPER_E, LOWER_E];

/**
 * Looks at JSON text. What isn't JSON may get any answer: the parser, which stops at its first fault, has by
 * then made no more than was counted here.
 */
export function scanJson(bytes: Uint8Array, bounds: JsonBounds): JsonScan {
  let depth = 0;
  let values = 0;
  let isInScalar = false;
  let isNumber = false;
  let numberStart = 0;
  let hasLongNumbers = false;
  const exceeds = (exceeded: keyof JsonBounds): JsonScan => ({ exceeded, hasLongNumbers });
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte === QUOTE) {
      index = findEndOfText(bytes, index);
      values++;
      continue;
    }
    const isScalar = isScalarByte(byte);
    if (isScalar && !isInScalar) {
      values++;
      numberStart = index;
      isNumber = byte === MINUS || (byte >= ZERO && byte <= NINE);
    }
    if (isScalar && isNumber && !hasLongNumbers) {
      hasLongNumbers =
        index - numberStart >= MAX_PLAIN_NUMBER ||
        byte === POINT ||
        EXPONENT.includes(byte) ||
        // Minus zero.
        (byte === ZERO && index === numberStart + 1 && bytes[numberStart] === MINUS);
    }
    isInScalar = isScalar;
    if (byte === COLON) {
      // The text before it was a key.
      values--;
    } else if (byte === BRACKET_OPEN || byte === BRACE_OPEN) {
      values++;
      if (++depth > bounds.depth) return exceeds("depth");
    } else if (byte === BRACKET_CLOSE || byte === BRACE_CLOSE) {
      depth--;
      if (values > bounds.values) return exceeds("values");
    } else if (byte === COMMA && values > bounds.values) return exceeds("values");
  }
  return { exceeded: values > bounds.values ? "values" : null, hasLongNumbers };
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
