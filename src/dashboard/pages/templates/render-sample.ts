import type { Draft, Fields } from "./draft.ts";
import { schemaOf } from "./draft.ts";

/**
 * Fills sample values in, while one writes: by the rules that docs/api.md gives for a send. What has no value yet
 * stays as its placeholder, so that one sees where it will be.
 */

const PATTERNS = { double: /\{\{([^{}]*)\}\}/g, single: /\{\s*([A-Za-z0-9_.-]+)\s*\}/g };

export function renderSample(draft: Draft, channel: string, samples: Fields): Fields {
  const schema = schemaOf(draft);
  /** Undefined: it stays as it stands. */
  const sampleOf = (name: string): unknown => {
    const owner = Object.hasOwn(schema, name) ? name : name.slice(0, Math.max(0, name.lastIndexOf(".")));
    const definition = Object.hasOwn(schema, owner) ? schema[owner] : undefined;
    if (definition === undefined) return undefined;
    const whole = samples[owner] ?? definition.default ?? (definition.required ? undefined : null);
    if (owner === name || whole === undefined || whole === null) return whole;
    return typeof whole === "object" ? Reflect.get(whole, name.slice(owner.length + 1)) : undefined;
  };
  const pattern = PATTERNS[draft.placeholders];
  const fill = (text: string): unknown => {
    const [whole] = text.matchAll(pattern);
    if (whole !== undefined && whole[0] === text) {
      const value = sampleOf((whole[1] ?? "").trim());
      return value === undefined ? text : value;
    }
    return text.replace(pattern, (placeholder, name: string) => {
      const value = sampleOf(name.trim());
      return value === undefined ? placeholder : toText(value);
    });
  };
  const visit = (node: unknown): unknown => {
    if (typeof node === "string") return fill(node);
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, visit(child)]));
  };
  return Object.fromEntries(
    Object.entries(draft.content[channel] ?? {}).map(([name, child]) => [name, visit(child)]),
  );
}

/** Inside a text an image is its link, an action its data. */
function toText(value: unknown): string {
  if (value === null) return "";
  if (typeof value !== "object") return String(value);
  const { url, data }: { url?: unknown; data?: unknown } = value ?? {};
  return String(url ?? data ?? "");
}
