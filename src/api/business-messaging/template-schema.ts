import * as v from "valibot";
import { readJson } from "../../http/body.ts";
import { listSchema, textSchema } from "../../http/validation.ts";
import {
  MAX_CHANNELS,
  MAX_CONTENT_BYTES,
  MAX_VARIABLE_SCHEMA_BYTES,
  MAX_VARIABLES,
} from "../../model/limits.ts";
import { stringifyAsSent, withAllDigitsAsNumbers, withDigitsAsText } from "../../model/sent-number.ts";
import { SLUG_PATTERN } from "../../model/slug.ts";
import {
  PLACEHOLDER_STYLES,
  TEMPLATE_STATUSES,
  type TemplateContent,
  VARIABLE_TYPES,
  type VariableDefinition,
  type VariableSchema,
  type VariableType,
} from "../../model/template.ts";
import { DEFAULT_PLACEHOLDER_STYLE } from "../../templates/placeholders.ts";
import { parseVariableValue, TYPE_DESCRIPTIONS, VARIABLE_NAME } from "../../templates/variables.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { exceedsBytes } from "../../text/size.ts";
import { isWellFormedJson } from "../../text/well-formed.ts";
import { KEY_MESSAGE } from "./channels.ts";

type Entry = [name: string, value: unknown];

// Entries, not valibot's record(): that leaves out names such as `constructor`, which are legal here.
const entriesOf = (input: unknown): Entry[] | null =>
  typeof input === "object" && input !== null && !Array.isArray(input) ? Object.entries(input) : null;

const ContentSchema = v.pipe(
  shownAs(
    v.custom<TemplateContent>(
      (input) => entriesOf(input) !== null,
      "must be an object of content by channel key",
    ),
    { type: "object", description: "The channels' content, by channel key" },
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const entries = Object.entries(dataset.value);
    if (entries.length > MAX_CHANNELS) {
      addIssue({ message: `is for more than ${MAX_CHANNELS} channels` });
      return;
    }
    for (const [key, value] of entries) {
      const add = (message: string) =>
        addIssue({ message, path: [{ type: "object", origin: "value", input: dataset.value, key, value }] });
      if (entriesOf(value) === null) add("must be an object: the channel's content");
      else if (exceedsBytes(JSON.stringify(value), MAX_CONTENT_BYTES)) {
        add(`has more than ${MAX_CONTENT_BYTES} bytes as JSON`);
      } else if (!isWellFormedJson(value)) {
        add("has text that isn't well-formed Unicode: half of a surrogate pair, as in an emoji that was cut");
      }
    }
  }),
);

const SHOWN_VARIABLES = {
  type: "object",
  additionalProperties: {
    type: "object",
    properties: {
      type: { type: "string", enum: VARIABLE_TYPES },
      required: { type: "boolean", default: true },
      default: {},
    },
    required: ["type"],
  },
};

/** `{name: {type, required?, default?}}`; required is true unless it says false. */
const VariableSchemaSchema = v.pipe(
  shownAs(
    v.custom<Record<string, unknown>>(
      (input) => entriesOf(input) !== null,
      "must be an object of {type, required?, default?} by name",
    ),
    SHOWN_VARIABLES,
  ),
  v.rawTransform(({ dataset, addIssue, NEVER }): VariableSchema => {
    const definitions: [string, VariableDefinition][] = [];
    const entries = Object.entries(dataset.value);
    let isRight = true;
    if (entries.length > MAX_VARIABLES) {
      addIssue({ message: `has more than ${MAX_VARIABLES} variables` });
      return NEVER;
    }
    if (exceedsBytes(stringifyAsSent(dataset.value), MAX_VARIABLE_SCHEMA_BYTES)) {
      addIssue({ message: `has more than ${MAX_VARIABLE_SCHEMA_BYTES} bytes as JSON` });
      return NEVER;
    }
    for (const [name, value] of entries) {
      const result = readDefinition(name, value);
      if (typeof result !== "string") definitions.push([name, result]);
      else {
        isRight = false;
        addIssue({
          message: result,
          path: [{ type: "object", origin: "value", input: dataset.value, key: name, value }],
        });
      }
    }
    return isRight ? Object.fromEntries(definitions) : NEVER;
  }),
);

const ChannelKeysSchema = v.pipe(
  listSchema(v.string("must be a channel's key"), "must be an array of channel keys", MAX_CHANNELS),
  v.check((keys) => new Set(keys).size === keys.length, "names a channel twice"),
);

const PlaceholdersSchema = v.picklist(
  PLACEHOLDER_STYLES,
  'must be "double" for {{name}} or "single" for {name}',
);

const CategorySchema = v.nullish(textSchema(128));

export const NewTemplateSchema = v.object(
  {
    name: textSchema(128),
    key: v.nullish(v.pipe(v.string(KEY_MESSAGE), v.regex(SLUG_PATTERN, KEY_MESSAGE))),
    channelKeys: ChannelKeysSchema,
    content: v.optional(ContentSchema, {}),
    variableSchema: v.optional(VariableSchemaSchema, {}),
    placeholders: v.optional(PlaceholdersSchema, DEFAULT_PLACEHOLDER_STYLE),
    category: CategorySchema,
  },
  "must be a JSON object",
);

/** The parts that are checked against the app's channels, where they have the right form. */
export const TemplatePartsSchema = v.object({
  channelKeys: v.fallback(ChannelKeysSchema, []),
  content: v.fallback(ContentSchema, {}),
});

export const TemplateChangeSchema = v.object(
  {
    name: v.optional(textSchema(128)),
    key: v.optional(v.unknown()),
    channelKeys: v.optional(ChannelKeysSchema),
    content: v.optional(ContentSchema),
    variableSchema: v.optional(VariableSchemaSchema),
    placeholders: v.optional(PlaceholdersSchema),
    category: CategorySchema,
    status: v.optional(v.picklist(TEMPLATE_STATUSES, 'must be "draft", "approved" or "archived"')),
  },
  "must be a JSON object",
);

/** A body in which the defaults' numbers have their digits; those of the content are as near as a double is. */
export async function readTemplateBody(request: Request): Promise<unknown> {
  const body = await readJson(request, true);
  const entries = entriesOf(body)?.map(
    ([name, value]): Entry => [name, name === "content" ? withAllDigitsAsNumbers(value) : value],
  );
  return entries === undefined ? body : Object.fromEntries(entries);
}

/** As a send's variables are read: a text has the digits, an image's width is a number. */
function readDefault(given: unknown): unknown {
  return typeof given === "object" ? withAllDigitsAsNumbers(given) : withDigitsAsText(given);
}

/** The definition, or what is wrong with it. */
function readDefinition(name: string, value: unknown): VariableDefinition | string {
  if (name === "__proto__") {
    return 'a variable can\'t be called "__proto__", a name that JavaScript keeps for itself; choose another';
  }
  if (!VARIABLE_NAME.test(name)) {
    return "a variable's name has 1 to 128 letters, digits, _, - or .";
  }
  const fields = Object.fromEntries(entriesOf(value) ?? []) as {
    type?: unknown;
    required?: unknown;
    default?: unknown;
  };
  const type: VariableType | undefined = VARIABLE_TYPES.find((known) => known === fields.type);
  if (type === undefined) return 'must be an object with type "string", "image" or "action"';
  if (fields.required !== undefined && typeof fields.required !== "boolean")
    return "required must be true or false";
  const required = fields.required !== false;
  if (fields.default === undefined || fields.default === null) return { type, required };
  const parsed = parseVariableValue(type, readDefault(fields.default));
  return parsed === null ? `default must be ${TYPE_DESCRIPTIONS[type]}` : { type, required, default: parsed };
}
