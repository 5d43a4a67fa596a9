import * as v from "valibot";

/** The three variable types of seed 001. */
export const VARIABLE_TYPES = ["string", "image", "action"] as const;

export type VariableType = (typeof VARIABLE_TYPES)[number];

export interface ImageValue {
  url: string;
  /** Pixels. */
  width: number;
  height: number;
}

export interface ActionValue {
  /** `web`: data is a link; `custom`: data is for the app. */
  type: "web" | "custom";
  data: string;
}

export type VariableValue = string | ImageValue | ActionValue;

export interface VariableDefinition {
  type: VariableType;
  /** True unless the schema says false. */
  required: boolean;
  /** Used where a target has no value. */
  default?: VariableValue;
}

/** By name. Names: letters, digits, `_`, `-`, `.`. */
export type VariableSchema = Record<string, VariableDefinition>;

/** How placeholders are written: `{{name}}`, or `{name}` as Sendbird's templates have it. */
export const PLACEHOLDER_STYLES = ["double", "single"] as const;

export type PlaceholderStyle = (typeof PLACEHOLDER_STYLES)[number];

/** Any JSON. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Content per channel key, with placeholders in its strings. */
export type TemplateContent = Record<string, Json>;

/** What a template says: its content, the variables that go into it, and how it writes their placeholders. */
export interface TemplateText {
  content: TemplateContent;
  variableSchema: VariableSchema;
  /** Absent: `double`. */
  placeholders?: PlaceholderStyle | undefined;
}

export const TEMPLATE_STATUSES = ["draft", "approved", "archived"] as const;
export type TemplateStatus = (typeof TEMPLATE_STATUSES)[number];

/** One immutable version of a template. Times in Unix ms. */
export interface TemplateVersion {
  version: number;
  channelKeys: string[];
  content: TemplateContent;
  variableSchema: VariableSchema;
  placeholders: PlaceholderStyle;
  createdAt: number;
  /** Null: never approved. */
  approvedAt: number | null;
}

/** What a list has of a version: the rest may be a megabyte. */
export type ListedVersion = Omit<TemplateVersion, "content" | "variableSchema">;

/** A template with its newest version. `approvedVersion` is the one that is sent. */
export interface Template extends Omit<TemplateVersion, "createdAt" | "approvedAt"> {
  id: string;
  key: string;
  name: string;
  category: string | null;
  status: TemplateStatus;
  approvedVersion: number | null;
  createdAt: number;
  updatedAt: number;
}

/** What a list has of a template: the rest may be a megabyte. */
export type ListedTemplate = Omit<Template, "content" | "variableSchema">;

export interface NewTemplate {
  key: string;
  name: string;
  category: string | null;
  channelKeys: string[];
  content: TemplateContent;
  variableSchema: VariableSchema;
  placeholders: PlaceholderStyle;
}

export type TemplateChange = Partial<Omit<NewTemplate, "key">> & { status?: TemplateStatus };

// valibot's record() leaves out names such as `constructor`, which are legal here.
const isPlainObject = (input: unknown): boolean =>
  typeof input === "object" && input !== null && !Array.isArray(input);

const StoredSchemaSchema = v.custom<VariableSchema>(
  (input) =>
    isPlainObject(input) &&
    Object.values(input as object).every(
      (entry) => isPlainObject(entry) && VARIABLE_TYPES.includes((entry as { type: never }).type),
    ),
);

/** What is sent: an approved version as KV holds it. */
export const SendableTemplateSchema = v.object({
  id: v.string(),
  key: v.string(),
  version: v.number(),
  channelKeys: v.array(v.string()),
  content: v.custom<TemplateContent>(isPlainObject),
  variableSchema: StoredSchemaSchema,
  /** Absent in copies from before there was a choice. */
  placeholders: v.optional(v.picklist(PLACEHOLDER_STYLES)),
});
export type SendableTemplate = v.InferOutput<typeof SendableTemplateSchema>;

/** The template that a send asks for. */
export type TemplateRef = { key: string } | { id: string } | { keyOrId: string };

export interface TemplateFilter {
  status: TemplateStatus | null;
  category: string | null;
  channelKey: string | null;
  /** Beginning of the key or the name. */
  search: string | null;
  /** Only ids below this one. */
  beforeId: string | null;
  limit: number;
}
