import { showName } from "../model/errors.ts";
import type { Json, TemplateContent, TemplateText } from "../model/template.ts";
import {
  DEFAULT_PLACEHOLDER_STYLE,
  findOtherStyle,
  findPlaceholders,
  isFilledByRenderer,
  placeholderResolver,
} from "./placeholders.ts";
import { listVariables } from "./variables.ts";

/** What can be said of a template's placeholders before anybody is sent to. Pure. */

/** A name in braces, with the path of its string. */
export interface PlacedName {
  name: string;
  path: string;
}

/** Every placeholder of the content that the schema doesn't declare, with the path of its string. */
export function* listUndeclaredPlaceholders(text: TemplateText): Generator<PlacedName> {
  const resolve = placeholderResolver(listVariables(text.variableSchema));
  const style = text.placeholders ?? DEFAULT_PLACEHOLDER_STYLE;
  for (const [value, path] of listStrings(text.content)) {
    for (const { name } of findPlaceholders(value, style)) {
      if (resolve(name) === null && !isFilledByRenderer(name, style)) yield { name, path };
    }
  }
}

/** Every declared variable that stands in the content as the other style would write it: nothing fills it. */
export function* listMiswrittenPlaceholders(text: TemplateText): Generator<PlacedName> {
  const resolve = placeholderResolver(listVariables(text.variableSchema));
  for (const [value, path] of listStrings(text.content)) {
    for (const name of findOtherStyle(value, text.placeholders ?? DEFAULT_PLACEHOLDER_STYLE)) {
      if (resolve(name) !== null) yield { name, path };
    }
  }
}

/** The declared variables that stand in no content. */
export function listUnusedVariables(text: TemplateText): string[] {
  const variables = listVariables(text.variableSchema);
  const resolve = placeholderResolver(variables);
  const used = new Set<number>();
  for (const [value] of listStrings(text.content)) {
    for (const { name } of findPlaceholders(value, text.placeholders ?? DEFAULT_PLACEHOLDER_STYLE)) {
      const target = resolve(name);
      if (target !== null) used.add(target.variable);
    }
  }
  return variables.flatMap(({ name }, index) => (used.has(index) ? [] : [name]));
}

/** Every string of a content that placeholders are looked for in, with its path. */
function* listStrings(content: TemplateContent): Generator<[text: string, path: string]> {
  for (const [channelKey, node] of Object.entries(content))
    yield* visitStrings(node, `content.${channelKey}`);
}

function* visitStrings(node: Json, path: string): Generator<[text: string, path: string]> {
  if (typeof node === "string") yield [node, path];
  else if (Array.isArray(node)) {
    for (const [index, child] of node.entries()) yield* visitStrings(child, `${path}[${index}]`);
  } else if (typeof node === "object" && node !== null) {
    for (const [key, child] of Object.entries(node)) yield* visitStrings(child, `${path}.${showName(key)}`);
  }
}
