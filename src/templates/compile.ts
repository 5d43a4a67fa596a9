import type { Json, PlaceholderStyle, TemplateText, VariableValue } from "../model/template.ts";
import {
  DEFAULT_PLACEHOLDER_STYLE,
  findPlaceholders,
  placeholderResolver,
  type Resolver,
} from "./placeholders.ts";
import { listVariables, type VariableReader } from "./variables.ts";

const encoder = new TextEncoder();

/** A place in a content's JSON text that a value goes into. */
interface Hole {
  /** Index into the template's variables. */
  variable: number;
  /** Field of an image or action, null for the value itself. */
  field: string | null;
  /** True where the placeholder is the whole string: the value is put in as JSON, not as text. */
  whole: boolean;
}

export interface CompiledContent {
  /** JSON text and holes in turn: joined, they are a rendered content's JSON. */
  segments: (string | Hole)[];
  /** The content as JSON, placeholders and all: what a target without variables gets. */
  unsubstituted: string;
  /** Bytes of the text between the holes. */
  fixedBytes: number;
}

export interface CompiledTemplate {
  variables: VariableReader[];
  contents: Map<string, CompiledContent>;
}

/**
 * Compiles a version's content once, so that rendering a target is a join of strings. An undeclared
 * placeholder stays as text; findings.ts finds it before approval.
 */
export function compileTemplate({ content, variableSchema, placeholders }: TemplateText): CompiledTemplate {
  const variables = listVariables(variableSchema);
  const emitter = {
    style: placeholders ?? DEFAULT_PLACEHOLDER_STYLE,
    resolve: placeholderResolver(variables),
  };
  const contents = new Map<string, CompiledContent>();
  for (const [channelKey, node] of Object.entries(content)) {
    const segments: (string | Hole)[] = [];
    emitNode(node, segments, emitter);
    const merged = mergeText(segments);
    const fixed = merged.filter((segment) => typeof segment === "string").join("");
    const fixedBytes = encoder.encode(fixed).length;
    contents.set(channelKey, { segments: merged, unsubstituted: JSON.stringify(node), fixedBytes });
  }
  return { variables, contents };
}

/** About how much text a compiled template takes, UTF-16 units: each content is there twice. */
export function weighTemplate({ contents }: CompiledTemplate): number {
  let weight = 0;
  for (const { unsubstituted } of contents.values()) weight += 2 * unsubstituted.length;
  return weight;
}

/** How a template's strings are read. */
interface Emitter {
  style: PlaceholderStyle;
  resolve: Resolver;
}

function emitNode(node: Json, out: (string | Hole)[], emitter: Emitter): void {
  if (typeof node === "string") {
    emitString(node, out, emitter);
  } else if (typeof node !== "object" || node === null) {
    out.push(JSON.stringify(node));
  } else if (Array.isArray(node)) {
    out.push("[");
    for (const [index, child] of node.entries()) {
      if (index > 0) out.push(",");
      emitNode(child, out, emitter);
    }
    out.push("]");
  } else {
    out.push("{");
    for (const [index, [key, child]] of Object.entries(node).entries()) {
      out.push(`${index > 0 ? "," : ""}${JSON.stringify(key)}:`);
      emitNode(child, out, emitter);
    }
    out.push("}");
  }
}

function emitString(text: string, out: (string | Hole)[], { style, resolve }: Emitter): void {
  const found = [...findPlaceholders(text, style)];
  const [first] = found;
  if (first !== undefined && first.start === 0 && first.end === text.length) {
    const target = resolve(first.name);
    out.push(target === null ? JSON.stringify(text) : { ...target, whole: true });
    return;
  }
  out.push('"');
  let written = 0;
  for (const { name, start, end } of found) {
    const target = resolve(name);
    if (target === null) continue;
    out.push(escapeText(text.slice(written, start)), { ...target, whole: false });
    written = end;
  }
  out.push(escapeText(text.slice(written)), '"');
}

/** A text as it stands inside a JSON string. */
export function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A value or one of its fields; an absent value has absent fields. */
export function readField(value: VariableValue | null, field: string | null): unknown {
  if (value === null || field === null) return value;
  return Object.hasOwn(value as object, field) ? (value as unknown as Record<string, unknown>)[field] : null;
}

function mergeText(segments: readonly (string | Hole)[]): (string | Hole)[] {
  const merged: (string | Hole)[] = [];
  for (const segment of segments) {
    const last = merged.at(-1);
    if (typeof segment === "string" && typeof last === "string") merged[merged.length - 1] = last + segment;
    else merged.push(segment);
  }
  return merged;
}
