import { MAX_RENDERED_BYTES } from "../limits.ts";
import { type CompiledContent, escapeText, readField } from "./compile.ts";
import type { VariableValue } from "./variables.ts";

/**
 * A channel's content with a target's values put in, as JSON text. An absent value is empty text, or null
 * where its placeholder is the whole string. An image inside a text is its url, an action its data.
 */
export function renderContent(content: CompiledContent, values: readonly (VariableValue | null)[]): string {
  let json = "";
  for (const segment of content.segments) {
    if (typeof segment === "string") {
      json += segment;
      continue;
    }
    const value = readField(values[segment.variable] ?? null, segment.field);
    json += segment.whole ? JSON.stringify(value) : escapeText(toText(value));
  }
  return json;
}

/** True where a rendered content is above the limit of 64 KB (UTF-8). */
export function isTooLarge(json: string): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8, so most contents need no counting.
  if (json.length * 3 <= MAX_RENDERED_BYTES) return false;
  return json.length > MAX_RENDERED_BYTES || new TextEncoder().encode(json).length > MAX_RENDERED_BYTES;
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const { url, data } = value as { url?: string; data?: string };
  return url ?? data ?? "";
}
