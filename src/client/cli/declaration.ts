import type { TemplateVersion, VariableDefinition } from "../api-types.ts";

/** What the compiler is told of an app's templates. Pure. */

export interface DeclaredTemplate {
  key: string;
  name: string;
  version: number;
  variableSchema: TemplateVersion["variableSchema"];
}

const TYPES: Readonly<Record<VariableDefinition["type"], string>> = {
  string: "string | number | boolean",
  image: "Image",
  action: "Action",
};

/** The text of a declaration file, which is the same for the same templates. */
export function declareTemplates(templates: readonly DeclaredTemplate[]): string {
  const sorted = templates.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const types = sorted.flatMap(({ variableSchema }) => Object.values(variableSchema).map(({ type }) => type));
  const imports = [types.includes("action") ? "Action" : "", types.includes("image") ? "Image" : ""].filter(
    Boolean,
  );
  return `// Written by \`onecall types\`: the app's approved templates. Write it anew when they change.
${imports.length === 0 ? "export {};" : `import type { ${imports.join(", ")} } from "onecall/client";`}

declare module "onecall/client" {
  interface TemplateVariables {
${sorted.map(declareTemplate).join("\n")}
  }
}
`;
}

function declareTemplate({ key, name, version, variableSchema }: DeclaredTemplate): string {
  const variables = Object.entries(variableSchema).map(([variable, definition]) => {
    // Who may leave it out may say so.
    const isOptional = !definition.required || definition.default !== undefined;
    const type = TYPES[definition.type];
    return `      ${JSON.stringify(variable)}${isOptional ? `?: ${type} | null` : `: ${type}`};`;
  });
  const body = variables.length === 0 ? "Record<string, never>" : `{\n${variables.join("\n")}\n    }`;
  return `    /** ${toComment(name)}, version ${version} */\n    ${JSON.stringify(key)}: ${body};`;
}

/** A name is anybody's text: it ends neither the comment nor the line. */
function toComment(name: string): string {
  return name.replaceAll("*/", "* /").replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
}
