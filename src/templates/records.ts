import * as v from "valibot";
import type { TemplateContent } from "./compile.ts";
import { PLACEHOLDER_STYLES, type PlaceholderStyle } from "./placeholders.ts";
import { VARIABLE_TYPES, type VariableSchema } from "./variables.ts";

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
