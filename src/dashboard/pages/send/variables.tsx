import type { Template } from "../../../client/api-types.ts";
import type { VariableValue } from "../../../client/template-variables.ts";
import { type Option, SelectField, TextField } from "../../components/fields.tsx";
import { ImageFrom } from "../../components/image.tsx";

/** A form made of a template's variable schema: a field for a text, three for an image, two for an action. */

type Field = Template["variableSchema"][string];
type WithSchema = Pick<Template, "variableSchema">;
/** What stands in the fields, by `name` or `name.part`. */
export type Values = Readonly<Record<string, string>>;

const PARTS: Readonly<Record<Field["type"], readonly string[]>> = {
  string: [""],
  image: [".url", ".width", ".height"],
  action: [".type", ".data"],
};

export function emptyValues({ variableSchema }: WithSchema): Values {
  const entries = Object.entries(variableSchema).flatMap(([name, { type, default: given }]) =>
    PARTS[type].map((part): [string, string] => [
      name + part,
      part === "" && typeof given === "string" ? given : "",
    ]),
  );
  return Object.fromEntries(entries);
}

/** The values as a send takes them; an empty field is an absent value, and the service says what lacks. */
export function toVariables({ variableSchema }: WithSchema, values: Values): Record<string, VariableValue> {
  const found: Record<string, VariableValue> = {};
  for (const [name, { type }] of Object.entries(variableSchema)) {
    const at = (part: string): string => values[name + part] ?? "";
    if (PARTS[type].every((part) => at(part) === "")) continue;
    if (type === "string") found[name] = at("");
    else if (type === "image")
      found[name] = { url: at(".url"), width: Number(at(".width")), height: Number(at(".height")) };
    else found[name] = { type: at(".type") === "custom" ? "custom" : "web", data: at(".data") };
  }
  return found;
}

interface VariableFieldsProps {
  template: WithSchema;
  values: Values;
  legend: string;
  onValues(values: Values): void;
}

export function VariableFields({ template, values, legend, onValues }: VariableFieldsProps) {
  const entries = Object.entries(template.variableSchema);
  if (entries.length === 0) return null;
  return (
    <fieldset class="card stack">
      <legend>{legend}</legend>
      <div class="filters">
        {entries.flatMap(([name, { type, required }]) =>
          PARTS[type].map((part) => (
            <VariableField
              key={name + part}
              label={`${name}${part}${required ? "" : " (optional)"}`}
              isActionType={part === ".type"}
              isNumber={part === ".width" || part === ".height"}
              value={values[name + part] ?? ""}
              onValue={(value) => onValues({ ...values, [name + part]: value })}
            />
          )),
        )}
      </div>
      {entries.map(
        ([name, { type }]) => type === "image" && <ImageFrom key={name} url={values[`${name}.url`] ?? ""} />,
      )}
    </fieldset>
  );
}

interface VariableFieldProps {
  label: string;
  isActionType: boolean;
  isNumber: boolean;
  value: string;
  onValue(value: string): void;
}

const ACTION_TYPES: readonly Option<string>[] = [
  ["", "none"],
  ["web", "web: opens a link"],
  ["custom", "custom: your client decides"],
];

function VariableField({ isActionType, isNumber, ...field }: VariableFieldProps) {
  if (isActionType) return <SelectField {...field} options={ACTION_TYPES} />;
  return <TextField {...field} inputMode={isNumber ? "numeric" : "text"} />;
}
