import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { findVariableFault } from "../src/variables.ts";
import { localAdminToken, localSecretsKey } from "./admin-token.ts";
import { readArguments, runScript, StartRefusal, UsageError } from "./arguments.ts";
import { providerVariables } from "./provider-variables.ts";
import { lockStateFolder, requireFreePort } from "./state-lock.ts";
import { spawnWrangler } from "./wrangler.ts";

const USAGE = `Usage: npm start -- [--port N] [--persist-to DIR] [--providers URL] [--var NAME:VALUE] [--config FILE]

Runs Onecall on this machine, with no account.

  --port N          port to listen on, 0 for any free one (default 8787)
  --persist-to DIR  folder for all state, kept between runs (default .wrangler/state)
  --providers URL   push through the fake providers at this URL (npm run fake-providers), not the real ones
  --var NAME:VALUE  another value for one of wrangler.toml's variables; may be given several times
  --config FILE     another wrangler.toml

ONECALL_ADMIN_TOKEN sets the admin token; otherwise one is generated and kept in the state folder. So is the key that
apps' secrets are sealed with there.`;

// The local queue forgets its messages at a restart: the ledger notices after this long.
const LOCAL_STALL_SECONDS = 5;
const PARENT_CHECK_MS = 200;

await runScript(USAGE, async () => {
  const options = readArguments(
    {
      port: { type: "string", default: "8787" },
      "persist-to": { type: "string", default: ".wrangler/state" },
      providers: { type: "string" },
      var: { type: "string", multiple: true, default: [] },
      config: { type: "string" },
    },
    USAGE,
  );
  const port = parsePort(options.port);
  const stateFolder = resolve(parseFolder(options["persist-to"]));
  const providers = options.providers === undefined ? {} : providerVariables(parseUrl(options.providers));
  const given = Object.fromEntries(options.var.map(parseVariable));
  requireVariables(given);
  const token = localAdminToken(stateFolder, process.env.ONECALL_ADMIN_TOKEN);
  mkdirSync(stateFolder, { recursive: true });
  await lockStateFolder(stateFolder);
  await requireFreePort(port);
  console.log(`Admin token: ${token}`);
  const variables = {
    STALL_SECONDS: String(LOCAL_STALL_SECONDS),
    ADMIN_TOKEN: token,
    SECRETS_KEY: localSecretsKey(stateFolder),
    // Whoever tries Onecall on this machine has his webhook receiver here too. A deployment lets none in.
    ALLOW_LOOPBACK: "true",
    ...providers,
    ...given,
  };
  runDev(port, stateFolder, variables, options.config === undefined ? [] : ["--config", options.config]);
});

function runDev(
  port: number,
  stateFolder: string,
  variables: Record<string, string>,
  more: readonly string[],
): void {
  // Without a terminal there is nobody to press hotkeys.
  const interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const dev = spawnWrangler(
    [
      "dev",
      // Else wrangler finds a free one of a few before the build and takes it after: two at once take the same.
      "--inspector-port",
      "0",
      "--port",
      String(port),
      "--persist-to",
      stateFolder,
      ...more,
      // A value may have colons: wrangler splits at the first.
      ...Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
      `--show-interactive-dev-session=${interactive}`,
    ],
    [interactive ? "inherit" : "ignore", "inherit", "inherit"],
    {
      // Onecall doesn't read `request.cf`; fetching a sample of it needs the network.
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      // A trace of every call, kept in the same process: most of its time and memory under load.
      X_LOCAL_OBSERVABILITY: process.env.X_LOCAL_OBSERVABILITY ?? "false",
    },
  );
  let stopping = false;
  const stop = () => {
    stopping = true;
    dev.kill("SIGTERM");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGHUP", stop);
  // Started by another script over IPC: end with it, however it ended.
  process.on("disconnect", stop);
  stopWithNpm(stop);
  dev.once("error", (error) => {
    console.error(`wrangler could not be started: ${error.message}. Run npm ci first.`);
    process.exit(1);
  });
  dev.once("exit", (code) => process.exit(stopping ? 0 : (code ?? 1)));
}

/** npm hands SIGTERM to the shell between us, and some shells die of it without passing it on. */
function stopWithNpm(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) {
    return;
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      stop();
    }
  }, PARENT_CHECK_MS);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${text}".`);
  }
  return port;
}

function parseFolder(text: string): string {
  if (text === "") {
    throw new UsageError("--persist-to must name a folder.");
  }
  return text;
}

function parseVariable(text: string): [name: string, value: string] {
  const [, name, value] = /^([A-Z][A-Z0-9_]*):(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--var must be NAME:VALUE such as STALL_SECONDS:1, not "${text}".`);
  }
  return [name, value];
}

/** @throws {StartRefusal} for a value that the Worker would refuse to work with. */
function requireVariables(given: Record<string, string>): void {
  for (const [name, value] of Object.entries(given)) {
    const fault = findVariableFault(name, value);
    if (fault !== null) throw new StartRefusal(`The variable ${name} ${fault}, not "${value}".`);
  }
}

/** Without slashes at the end: paths are added to it. */
function parseUrl(text: string): string {
  if (!/^https?:\/\/[^\s?#]+$/.test(text) || !URL.canParse(text)) {
    throw new UsageError(
      `--providers must be an http or https URL such as http://localhost:8790, not "${text}".`,
    );
  }
  return text.replace(/\/+$/, "");
}
