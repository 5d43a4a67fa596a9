/** The variables of templates, as the compiler checks them. */

export interface Image {
  url: string;
  width: number;
  height: number;
}

export interface Action {
  type: "web" | "custom";
  data: string;
}

/** Null is an absent value. */
export type VariableValue = string | number | boolean | Image | Action | null;

/** An app's templates by their keys: `npx onecall types` writes a file that fills this in. */
// biome-ignore lint/suspicious/noEmptyInterface: declarations are merged into it
export interface TemplateVariables {}

/** The keys of the app's templates, where they were declared. */
export type TemplateKey = [keyof TemplateVariables] extends [never]
  ? string
  : keyof TemplateVariables & string;

export type VariablesOf<Key extends string> = Key extends keyof TemplateVariables
  ? TemplateVariables[Key]
  : Readonly<Record<string, VariableValue>>;
