import { MAX_RENDERED_BYTES } from "../model/limits.ts";
import type { VariableValue } from "../model/template.ts";
import { exceedsBytes } from "../text/size.ts";
import { type CompiledContent, escapeText, readField } from "./compile.ts";

/**
 * A channel's content with a target's values put in, as JSON text; null where it is over 64 KB. An absent
 * value is empty text, or null where its placeholder is the whole string. An image inside a text is its
 * url, an action its data.
 */
export function renderContent(
  content: CompiledContent,
  values: readonly (VariableValue | null)[],
): string | null {
  let json = "";
  for (const segment of content.segments) {
    if (typeof segment === "string") {
      json += segment;
      continue;
    }
    const value = readField(values[segment.variable] ?? null, segment.field);
    json += segment.whole ? JSON.stringify(value) : escapeText(toText(value));
    // Stops here, not at the end: a value of 16 KB may be put in thousands of times.
    if (json.length > MAX_RENDERED_BYTES) return null;
  }
  return exceedsBytes(json, MAX_RENDERED_BYTES) ? null : json;
}

/** Bytes of a unit of text at most: a control character is `\\u0000` in JSON. */
const MAX_UNIT_BYTES = 6;
/** Bytes of a value beside its texts: field names, numbers, quotes. */
const VALUE_BYTES = 128;

/**
 * True where a content with these values surely is within the limit of {@link renderContent}; false where only
 * rendering it can tell. Costs a few additions.
 */
export function surelyFits(
  { segments, fixedBytes }: CompiledContent,
  values: readonly (VariableValue | null)[],
): boolean {
  let bytes = fixedBytes;
  for (const segment of segments) {
    if (typeof segment === "string") continue;
    bytes += VALUE_BYTES + MAX_UNIT_BYTES * lengthOf(values[segment.variable] ?? null);
    if (bytes > MAX_RENDERED_BYTES) return false;
  }
  return true;
}

/** True where content fits whatever texts its values are, none longer than so many UTF-16 units. */
export function alwaysFits({ segments, fixedBytes }: CompiledContent, longest: number): boolean {
  const values = segments.filter((segment) => typeof segment !== "string").length;
  return fixedBytes + values * (VALUE_BYTES + MAX_UNIT_BYTES * longest) <= MAX_RENDERED_BYTES;
}

/** UTF-16 units of a value's texts. */
function lengthOf(value: VariableValue | null): number {
  if (value === null) return 0;
  if (typeof value === "string") return value.length;
  return "url" in value ? value.url.length : value.data.length;
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const { url, data } = value as { url?: string; data?: string };
  return url ?? data ?? "";
}
