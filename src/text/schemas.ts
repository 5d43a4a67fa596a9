import * as v from "valibot";
import { shownAs } from "./shown-schema.ts";

/** A text that is not empty and well-formed, at most `max` characters. */
export function textSchema(max: number) {
  const message = `must be a text of 1 to ${max} characters`;
  return v.pipe(
    shownAs(v.string(message), { type: "string", minLength: 1, maxLength: max }),
    v.check((text) => text.trim().length > 0 && text.length <= max && text.isWellFormed(), message),
  );
}

/** One of these words. */
export function choiceSchema<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, `must be one of: ${words.join(", ")}`);
}

const BOOLEAN_MESSAGE = 'must be "true" or "false"';

/** A boolean as a query has it. */
export const BooleanTextSchema = v.pipe(
  v.picklist(["true", "false"], BOOLEAN_MESSAGE),
  v.transform((text) => text === "true"),
);

/** A whole number from `min` to `max`. */
export function wholeNumberSchema(min: number, max: number, message: string) {
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** Bytes in base64, of either alphabet, padded or not; they come out as base64url without padding. */
export function base64Schema(pattern: RegExp, message: string) {
  return v.pipe(
    v.string(message),
    v.transform((text) =>
      text
        .replace(/={1,2}$/, "")
        .replaceAll("+", "-")
        .replaceAll("/", "_"),
    ),
    v.regex(pattern, message),
  );
}
