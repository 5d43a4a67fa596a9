import {
  listVariables,
  VARIABLE_FIELDS,
  type VariableReader,
  type VariableSchema,
  type VariableValue,
} from "./variables.ts";

/** Any JSON. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Content per channel key, with `{{placeholders}}` in its strings. */
export type TemplateContent = Record<string, Json>;

/** A place in a content's JSON text that a value goes into. */
export interface Hole {
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
}

export interface CompiledTemplate {
  variables: VariableReader[];
  contents: Map<string, CompiledContent>;
}

/** A placeholder that names no variable of the schema, and the path of its string. */
export interface UndeclaredPlaceholder {
  name: string;
  path: string;
}

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/**
 * Compiles a version's content once, so that rendering a target is a join of strings. An undeclared
 * placeholder stays as text; {@link listUndeclaredPlaceholders} finds it before approval.
 */
export function compileTemplate(content: TemplateContent, schema: VariableSchema): CompiledTemplate {
  const variables = listVariables(schema);
  const resolve = placeholderResolver(variables);
  const contents = new Map<string, CompiledContent>();
  for (const [channelKey, node] of Object.entries(content)) {
    const segments: (string | Hole)[] = [];
    emitNode(node, segments, resolve);
    contents.set(channelKey, { segments: mergeText(segments), unsubstituted: JSON.stringify(node) });
  }
  return { variables, contents };
}

/** Every placeholder of the content that the schema doesn't declare, with the path of its string. */
export function listUndeclaredPlaceholders(
  content: TemplateContent,
  schema: VariableSchema,
): UndeclaredPlaceholder[] {
  const resolve = placeholderResolver(listVariables(schema));
  const found: UndeclaredPlaceholder[] = [];
  const visit = (node: Json, path: string): void => {
    if (typeof node === "string") {
      for (const [, name = ""] of node.matchAll(PLACEHOLDER)) {
        if (resolve(name) === null) found.push({ name: name.trim(), path });
      }
    } else if (Array.isArray(node)) {
      for (const [index, child] of node.entries()) visit(child, `${path}[${index}]`);
    } else if (typeof node === "object" && node !== null) {
      for (const [key, child] of Object.entries(node)) visit(child, `${path}.${key}`);
    }
  };
  for (const [channelKey, node] of Object.entries(content)) visit(node, `content.${channelKey}`);
  return found;
}

type Resolver = (placeholder: string) => { variable: number; field: string | null } | null;

// The exact name wins over a path: a variable may be called `photo.url` itself.
function placeholderResolver(variables: readonly VariableReader[]): Resolver {
  const byName = new Map(variables.map(({ name }, index) => [name, index]));
  return (placeholder) => {
    const name = placeholder.trim();
    const exact = byName.get(name);
    if (exact !== undefined) return { variable: exact, field: null };
    const dot = name.lastIndexOf(".");
    if (dot < 0) return null;
    const owner = byName.get(name.slice(0, dot));
    const field = name.slice(dot + 1);
    const type = owner === undefined ? undefined : variables[owner]?.definition.type;
    if (owner === undefined || type === undefined || !VARIABLE_FIELDS[type].includes(field)) return null;
    return { variable: owner, field };
  };
}

function emitNode(node: Json, out: (string | Hole)[], resolve: Resolver): void {
  if (typeof node === "string") {
    emitString(node, out, resolve);
  } else if (typeof node !== "object" || node === null) {
    out.push(JSON.stringify(node));
  } else if (Array.isArray(node)) {
    out.push("[");
    for (const [index, child] of node.entries()) {
      if (index > 0) out.push(",");
      emitNode(child, out, resolve);
    }
    out.push("]");
  } else {
    out.push("{");
    for (const [index, [key, child]] of Object.entries(node).entries()) {
      out.push(`${index > 0 ? "," : ""}${JSON.stringify(key)}:`);
      emitNode(child, out, resolve);
    }
    out.push("}");
  }
}

function emitString(text: string, out: (string | Hole)[], resolve: Resolver): void {
  const matches = [...text.matchAll(PLACEHOLDER)];
  const [first] = matches;
  if (first !== undefined && first[0] === text) {
    const target = resolve(first[1] ?? "");
    out.push(target === null ? JSON.stringify(text) : { ...target, whole: true });
    return;
  }
  out.push('"');
  let end = 0;
  for (const match of matches) {
    const target = resolve(match[1] ?? "");
    if (target === null) continue;
    out.push(escapeText(text.slice(end, match.index)), { ...target, whole: false });
    end = match.index + match[0].length;
  }
  out.push(escapeText(text.slice(end)), '"');
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
