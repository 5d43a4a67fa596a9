import { readFileSync, writeFileSync } from "node:fs";
import * as v from "valibot";

/**
 * Writes the list of routes in docs/api.md from their declarations; with `--check` it only says whether the list is
 * what they say.
 */

const FILE = new URL("../docs/api.md", import.meta.url);
const ROUTES = new URL("../src/api/routes.ts", import.meta.url);
const PLACE = /(?<=<!-- routes: npm run docs:routes -->\n).*(?=<!-- end of routes -->)/s;
const API = "/v3/business-messaging/api";
const MAX_COLUMNS = 120;

const RouteSchema = v.object({
  method: v.string(),
  paths: v.array(v.string()),
  access: v.object({ credential: v.string(), scope: v.nullable(v.string()) }),
  summary: v.string(),
});
type Route = v.InferOutput<typeof RouteSchema>;
const ModuleSchema = v.object({
  FAMILIES: v.array(v.object({ name: v.string(), description: v.string(), routes: v.array(RouteSchema) })),
});

const CREDENTIALS: Record<string, string> = {
  user: "user token",
  looker: "user token, also a read-only one",
  socket: "user token or ticket",
  admin: "admin token",
  form: "the signed form",
  session: "dashboard session",
  none: "anybody",
};

function showRoute({ method, paths, access, summary }: Route): string {
  const [path, ...others] = paths.map(
    (one) => `\`${one.replace(API, "{api}").replaceAll(/:(\w+)/g, "{$1}")}\``,
  );
  const also = others.length === 0 ? "" : `, also ${others.join(", ")}`;
  const who = access.scope === null ? CREDENTIALS[access.credential] : `\`${access.scope}\``;
  return wrap(`- \`${method} ${path?.slice(1)}${also} (${who}): ${summary}`);
}

/** At most 120 columns; what follows is indented as the list is. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < MAX_COLUMNS)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(lines.length === 0 ? word : `  ${word}`);
  }
  return lines.join("\n");
}

const { FAMILIES } = v.parse(ModuleSchema, await import(ROUTES.href));
const shown = FAMILIES.map(
  ({ name, description, routes }) => `**${name}.** ${description}\n\n${routes.map(showRoute).join("\n")}\n`,
).join("\n");
const text = readFileSync(FILE, "utf8");
if (!PLACE.test(text)) throw new Error("docs/api.md has no place for the routes");
const written = text.replace(PLACE, () => `\n${shown}\n`);
if (!process.argv.includes("--check")) writeFileSync(FILE, written);
else if (written !== text) {
  console.error("docs/api.md lists other routes than are declared: npm run docs:routes");
  process.exit(1);
}
