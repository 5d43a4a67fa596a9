import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { type Credentials, FakeProviders, type Provider } from "../test/support/providers/client.ts";
import { startFakeProviders } from "../test/support/providers/server.ts";
import { readArguments, runScript, UsageError } from "./arguments.ts";

const USAGE = `Usage: npm run fake-providers -- [--port N] [--write-to DIR]

Plays FCM, APNs and a Web Push service on this machine, and prints every push that arrives.

  --port N        port to listen on, 0 for any free one (default 8790)
  --write-to DIR  folder for its accounts' credentials and its own address (default .wrangler/fake-providers)`;

const HOST = "localhost";
const PARENT_CHECK_MS = 200;
const SHOWN_DEVICE_CHARACTERS = 12;

/** Where each kind of push has its title. */
const titleSchemas = {
  fcm: v.pipe(
    v.object({ notification: v.object({ title: v.string() }) }),
    v.transform(({ notification }) => notification.title),
  ),
  apns: v.pipe(
    v.object({ aps: v.object({ alert: v.object({ title: v.string() }) }) }),
    v.transform(({ aps }) => aps.alert.title),
  ),
  webpush: v.union([
    v.pipe(
      v.object({ title: v.string() }),
      v.transform(({ title }) => title),
    ),
    v.pipe(
      v.object({ notification: v.object({ title: v.string() }) }),
      v.transform(({ notification }) => notification.title),
    ),
  ]),
};

await runScript(USAGE, async () => {
  const { port, "write-to": folder } = readArguments(
    {
      port: { type: "string", default: "8790" },
      "write-to": { type: "string", default: ".wrangler/fake-providers" },
    },
    USAGE,
  );
  const { url, stop } = await startFakeProviders({
    port: parsePort(port),
    host: HOST,
    onReceived: ({ provider, device, payload }) => console.log(describe(provider, device, payload)),
  }).catch((error: unknown) => {
    throw isPortTaken(error) ? new UsageError(`Port ${port} is taken.`) : error;
  });
  stopWithParent(() => stop().then(() => process.exit(0)));
  const project = await new FakeProviders(url).createProject();
  const control = `${url}/_control/projects/${project.id}`;
  writeFiles(resolve(folder), control, project.credentials);
  console.log(instructions(url, control, join(folder, "credentials.json")));
});

/** All credentials as a push channel takes them; the same as the files that Google and Apple hand out; the address. */
function writeFiles(folder: string, control: string, credentials: Credentials): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The key of an earlier run has another name.
  for (const name of readdirSync(folder)) {
    if (/^AuthKey_[A-Z0-9]{10}\.p8$/.test(name)) rmSync(join(folder, name));
  }
  const { fcm, apns } = credentials;
  const files = {
    "credentials.json": JSON.stringify(credentials),
    "service-account.json": JSON.stringify(fcm, null, 2),
    [`AuthKey_${apns.keyId}.p8`]: apns.privateKey.trimEnd(),
    "control-url": control,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
  }
}

function instructions(url: string, control: string, credentialsFile: string): string {
  return `Fake providers on ${url}

Start Onecall against them:
  npm start -- --providers ${url}

Credentials for the push channel (fcm, apns and webpush):
  cat ${credentialsFile}

Get a device of each provider:
  curl -s ${control}/devices -d '{"provider": "fcm"}'
  curl -s ${control}/devices -d '{"provider": "apns"}'
  curl -s ${control}/devices -d '{"provider": "webpush"}'

See what arrived, and what was refused:
  curl -s ${control}/received
  curl -s ${control}/summary

Let every second push fail for a while, and end that again:
  curl -s -X PUT ${control}/faults -d '{"rules": [{"share": 0.5, "status": 503, "retryAfter": "2"}]}'
  curl -s -X PUT ${control}/faults -d '{"rules": []}'

Pushes (Ctrl-C to stop):`;
}

function describe(provider: Provider, device: string, payload: unknown): string {
  const title = v.safeParse(titleSchemas[provider], payload);
  const name = device.slice(device.lastIndexOf("/") + 1).slice(0, SHOWN_DEVICE_CHARACTERS);
  return `${provider.padEnd(7)} ${name}…  ${title.success ? title.output : JSON.stringify(payload)}`;
}

/**
 * Ends with Ctrl-C, with the script that started it over IPC, and with npm, which may die without passing signals on.
 */
function stopWithParent(stop: () => void): void {
  for (const event of ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"]) {
    process.on(event, stop);
  }
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined) {
    setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS);
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, not "${text}".`);
  }
  return port;
}
