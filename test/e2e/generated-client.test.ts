import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";

/** Nobody's of ours: it reads the document and writes a client in TypeScript, which its own TypeScript compiles. */
const TOOLS = ["@hey-api/openapi-ts@0.95.0", "typescript@5.9.3"];

/** What somebody would write with that client: every name and type in it is the document's. */
const PROGRAM = `
import {
  createApp, createChannel, createTemplate, createUserToken, getNotification, listFeed, sendNotification, updateTemplate,
} from "./client/index.js";
import { client } from "./client/client.gen.js";

const [baseUrl, adminToken] = process.argv.slice(2) as [string, string];
client.setConfig({ baseUrl });
const throwOnError = true as const;

const app = await createApp({ auth: adminToken, body: { name: "Generated" }, throwOnError });
const auth = app.data.apiKey;
const channel = await createChannel({ auth, body: { name: "In-app alerts", type: "in_app" }, throwOnError });
const template = await createTemplate({
  auth,
  body: {
    name: "Order confirmation",
    channelKeys: [channel.data.key],
    content: { [channel.data.key]: { text: "Hello {{customerName}}" } },
    variableSchema: { customerName: { type: "string" } },
  },
  throwOnError,
});
const { key } = template.data;
await updateTemplate({ auth, path: { template: key }, body: { status: "approved" }, throwOnError });
const sent = await sendNotification({
  auth,
  headers: { "Idempotency-Key": "once" },
  body: { template: { key, variables: { customerName: "Jane" } }, targets: ["jane"], mode: "realtime" },
  throwOnError,
});
const id: string = sent.data.notificationId;
const found = await getNotification({ auth, path: { notification: id }, throwOnError });
const delivered: number | undefined = found.data.counts[channel.data.key]?.delivered;
const token = await createUserToken({ auth, path: { uid: "jane" }, body: {}, throwOnError });
const feed = await listFeed({ auth: token.data.authToken, query: { limit: 1 }, throwOnError });
const refused = await sendNotification({
  auth,
  body: { template: { key }, targets: [], mode: "realtime" },
});
const code: string | undefined = refused.error && "error" in refused.error ? refused.error.error.code : undefined;
console.log(JSON.stringify({ delivered, content: feed.data.data[0]?.content, code }));
`;

const COMPILER_OPTIONS = {
  target: "ES2023",
  module: "nodenext",
  strict: true,
  outDir: "built",
  lib: ["ES2023", "DOM", "DOM.Iterable"],
  types: [],
  skipLibCheck: false,
  noEmitOnError: true,
};

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "onecall-generated-"));
let worker: TestWorker;

before(async () => {
  worker = await startTestWorker();
});

after(async () => {
  await worker?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

const inFolder = (command: string, ...args: string[]) => run(command, args, { cwd: folder });

test("a client that a generator makes of /openapi.json compiles, and sends a notification", async () => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ["program.ts"] }),
  );
  writeFileSync(join(folder, "program.ts"), `declare const process: { argv: string[] };\n${PROGRAM}`);
  const document = await fetch(`${worker.url}/openapi.json`);
  writeFileSync(join(folder, "openapi.json"), await document.text());
  await inFolder("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", ...TOOLS);
  await inFolder("node_modules/.bin/openapi-ts", "-i", "openapi.json", "-o", "client");
  await inFolder("node_modules/.bin/tsc", "-p", ".").catch((error: { stdout?: string }) => {
    throw new Error(error.stdout);
  });
  const { stdout } = await inFolder("node", "built/program.js", worker.url, worker.adminToken);
  assert.deepEqual(JSON.parse(stdout), {
    delivered: 1,
    content: { text: "Hello Jane" },
    code: "ERR_BAD_REQUEST",
  });
});
