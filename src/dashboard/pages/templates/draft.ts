import type { Template } from "../../../client/api-types.ts";

/** What stands in the editor of a template, and what of it a save sends. */

export type Schema = Template["variableSchema"];
export type VariableType = Schema[string]["type"];
export type Fields = Readonly<Record<string, unknown>>;

/** A row of the variable schema. The id stays while its name is being written. */
export interface VariableRow {
  id: number;
  name: string;
  type: VariableType;
  required: boolean;
  /** Of a string. */
  default: string;
  /** Of an image or action: kept as it is. */
  kept?: Schema[string]["default"];
}

export interface Draft {
  name: string;
  key: string;
  category: string;
  channelKeys: readonly string[];
  content: Readonly<Record<string, Fields>>;
  variables: readonly VariableRow[];
  placeholders: Template["placeholders"];
  /** Channels whose JSON can't be read as it stands: nothing is saved meanwhile. */
  unread: readonly string[];
}

export const NEW_DRAFT: Draft = {
  name: "",
  key: "",
  category: "",
  channelKeys: [],
  content: {},
  variables: [],
  placeholders: "double",
  unread: [],
};

export function toDraft(template: Template): Draft {
  const { name, key, category, channelKeys, content, variableSchema, placeholders } = template;
  return {
    name,
    key,
    category: category ?? "",
    channelKeys,
    content: Object.fromEntries(Object.entries(content).map(([channel, one]) => [channel, fieldsOf(one)])),
    variables: Object.entries(variableSchema).map(([variable, { type, required, default: given }], id) => ({
      id,
      name: variable,
      type,
      required,
      ...(typeof given === "string" || given === undefined
        ? { default: given ?? "" }
        : { default: "", kept: given }),
    })),
    placeholders,
    unread: [],
  };
}

/** A JSON object's fields; none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export function schemaOf({ variables }: Draft): Schema {
  return Object.fromEntries(
    variables.map(({ name, type, required, default: text, kept }) => {
      const given = type === "string" ? text || undefined : kept;
      return [name, { type, required, ...(given === undefined ? {} : { default: given }) }];
    }),
  );
}

/** The draft as the API has it. Content of channels that were taken out goes with them. */
function toBody(draft: Draft) {
  const { name, category, channelKeys, content, placeholders } = draft;
  return {
    name,
    category: category.trim() || null,
    channelKeys: [...channelKeys],
    content: Object.fromEntries(
      channelKeys.flatMap((channel) => (content[channel] === undefined ? [] : [[channel, content[channel]]])),
    ),
    variableSchema: schemaOf(draft),
    placeholders,
  };
}

/** A new template's, whose key is made from its name where none is given. */
export function toNewBody(draft: Draft) {
  const key = draft.key.trim();
  return { ...toBody(draft), ...(key === "" ? {} : { key }) };
}

/** The fields of a body that differ from what is stored: only these make a version. */
export function changesOf(draft: Draft, stored: Draft): Partial<ReturnType<typeof toBody>> {
  const before = new Map(Object.entries(toBody(stored)));
  return Object.fromEntries(
    Object.entries(toBody(draft)).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(before.get(field)),
    ),
  );
}
