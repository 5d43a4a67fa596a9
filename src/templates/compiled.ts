import type { SendableTemplate } from "../model/template.ts";
import { type CompiledTemplate, compileTemplate } from "./compile.ts";

// Kept as long as the isolate keeps the template itself.
const compiled = new WeakMap<SendableTemplate, CompiledTemplate>();

/** The template compiled, once per isolate and cached version. */
export function compiledTemplate(template: SendableTemplate): CompiledTemplate {
  let result = compiled.get(template);
  if (result === undefined) {
    result = compileTemplate(template);
    compiled.set(template, result);
  }
  return result;
}
