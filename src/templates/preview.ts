import { faultsToError, OnecallError } from "../model/errors.ts";
import { withDigitsAsText } from "../model/sent-number.ts";
import type { TemplateText } from "../model/template.ts";
import { compileTemplate } from "./compile.ts";
import { renderContent } from "./render.ts";
import { checkVariables } from "./variable-faults.ts";
import { readRawValue } from "./variables.ts";

/** Every channel's content as a target with these variables would get it. Throws where a variable is wrong. */
export function previewTemplate(text: TemplateText, given: Record<string, unknown>): Record<string, unknown> {
  const { variables, contents } = compileTemplate(text);
  const read = (name: string): unknown =>
    Object.hasOwn(given, name) ? withDigitsAsText(given[name]) : undefined;
  const raw = variables.map((variable) => readRawValue(variable, read));
  const { values, faults } = checkVariables(variables, (index) => raw[index], "variables");
  if (faults.length > 0) throw faultsToError(faults);
  return Object.fromEntries(
    [...contents].map(([channelKey, compiled]): [string, unknown] => {
      const json = renderContent(compiled, values);
      if (json === null) {
        throw new OnecallError(
          "ERR_PAYLOAD_TOO_LARGE",
          `The rendered content of "${channelKey}" is over 64 KB.`,
        );
      }
      return [channelKey, JSON.parse(json)];
    }),
  );
}
