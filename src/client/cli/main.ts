#!/usr/bin/env node
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Onecall, OnecallError } from "../index.ts";
import { type DeclaredTemplate, declareTemplates } from "./declaration.ts";

const USAGE = `Usage: onecall types [--url URL] [--app ID] [--out FILE] [--check]

Writes a declaration file of an app's approved templates, by which the compiler checks the variables of a send.

  --url URL   where Onecall is (default: the variable ONECALL_URL)
  --app ID    the app whose key it must be
  --out FILE  the file (default: onecall-templates.d.ts)
  --check     writes nothing, and fails where the file isn't what the templates are

The API key, whose scope is read, is taken from the variable ONECALL_API_KEY.`;

/** Versions that are read at a time. */
const READ_AT_ONCE = 8;

/** A mistake of the person at the terminal: told in one sentence, with how it is done right. */
class UsageError extends Error {}

function readOptions(args: readonly string[]) {
  const options = {
    url: { type: "string" },
    app: { type: "string" },
    out: { type: "string", default: "onecall-templates.d.ts" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** What each template that can be sent takes: its approved version's variables. */
async function readTemplates(onecall: Onecall): Promise<DeclaredTemplate[]> {
  const templates: DeclaredTemplate[] = [];
  for await (const { data } of onecall.templates.list({ limit: 100 }).pages()) {
    const sendable = data.filter(
      ({ status, approvedVersion }) => status !== "archived" && approvedVersion !== null,
    );
    for (let index = 0; index < sendable.length; index += READ_AT_ONCE) {
      const read = sendable.slice(index, index + READ_AT_ONCE).map(async ({ key, name, approvedVersion }) => {
        const version = approvedVersion ?? 0;
        const { variableSchema } = await onecall.templates.version(key, version);
        return { key, name, version, variableSchema };
      });
      templates.push(...(await Promise.all(read)));
    }
  }
  return templates;
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = readOptions(args);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (positionals.length !== 1 || positionals[0] !== "types")
    throw new UsageError("The command is: onecall types");
  const url = values.url ?? process.env.ONECALL_URL;
  if (!url || !URL.canParse(url))
    throw new UsageError("--url, or the variable ONECALL_URL, must be Onecall's URL");
  const apiKey = process.env.ONECALL_API_KEY;
  if (!apiKey) throw new UsageError("The variable ONECALL_API_KEY must be an API key");
  const headers = values.app === undefined ? undefined : { appid: values.app };
  const templates = await readTemplates(new Onecall({ url, apiKey, headers }));
  const text = declareTemplates(templates);
  const file = values.out;
  if (!values.check) {
    writeFileSync(file, text);
    console.log(`${file}: ${templates.length} templates`);
  } else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    throw new Error(`${file} isn't what the templates are: run onecall types`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof OnecallError) console.error(`${error.code}: ${error.message}`);
  else console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
