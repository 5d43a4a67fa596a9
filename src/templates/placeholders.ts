import type { PlaceholderStyle } from "../model/template.ts";
import { VARIABLE_FIELDS, type VariableReader } from "./variables.ts";

/** Of a version that doesn't say, and of all that were stored before there was a choice. */
export const DEFAULT_PLACEHOLDER_STYLE: PlaceholderStyle = "double";

// Between single braces only what can be a variable or a path counts: other text, JSON for one, has braces too.
const PATTERNS: Record<PlaceholderStyle, RegExp> = {
  double: /\{\{([^{}]*)\}\}/g,
  single: /\{\s*([A-Za-z0-9_.-]+)\s*\}/g,
};

/** What looks like a placeholder of the other style and isn't one of this. */
const OTHER_STYLE: Record<PlaceholderStyle, RegExp> = {
  double: /(?<!\{)\{\s*([A-Za-z0-9_.-]+)\s*\}(?!\})/g,
  single: /\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}/g,
};

/** Sendbird's renderer fills these in itself, from the template's colours. */
const RENDERER_NAME = /^SBCOLOR_/;

/** The placeholder's text in a style. */
export function writePlaceholder(style: PlaceholderStyle, name: string): string {
  return style === "double" ? `{{${name}}}` : `{${name}}`;
}

/** A placeholder in a text; `name` without the spaces around it. */
export interface Placeholder {
  name: string;
  start: number;
  end: number;
}

/** A text's placeholders, in their order. */
export function* findPlaceholders(text: string, style: PlaceholderStyle): Generator<Placeholder> {
  for (const match of text.matchAll(PATTERNS[style])) {
    const name = (match[1] ?? "").trim();
    yield { name, start: match.index, end: match.index + match[0].length };
  }
}

/** The names that stand in a text as the other style would write them. */
export function* findOtherStyle(text: string, style: PlaceholderStyle): Generator<string> {
  for (const [, name = ""] of text.matchAll(OTHER_STYLE[style])) yield name;
}

/** True where nobody needs to declare the name: the client that shows the content fills it in. */
export function isFilledByRenderer(name: string, style: PlaceholderStyle): boolean {
  return style === "single" && RENDERER_NAME.test(name);
}

/** The variable that a placeholder means, and the field of it; null where the schema declares none. */
export type Resolver = (name: string) => { variable: number; field: string | null } | null;

// The exact name wins over a path: a variable may be called `photo.url` itself.
export function placeholderResolver(variables: readonly VariableReader[]): Resolver {
  const byName = new Map(variables.map(({ name }, index) => [name, index]));
  return (name) => {
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
