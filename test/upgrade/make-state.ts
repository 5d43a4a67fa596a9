import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { StoredFacts } from "./facts.ts";

/**
 * Makes the small state folder of an earlier version that `test/e2e/upgrade.test.ts` reads.
 *
 *   git clone . /tmp/old && cd /tmp/old && git checkout COMMIT && npm ci
 *   sed -i 's/^RETENTION_DAYS = .*$/RETENTION_DAYS = 36500/' wrangler.toml     so that the fixture doesn't grow old
 *   node test/upgrade/make-state.ts /tmp/old test/upgrade/COMMIT             from here
 *
 * Writes COMMIT.tgz, and COMMIT.json with what a caller of that version was told.
 */
const [checkout, target] = process.argv.slice(2);
if (checkout === undefined || target === undefined) {
  throw new Error("Usage: node test/upgrade/make-state.ts CHECKOUT TARGET");
}

interface OldWorker {
  url: string;
  adminToken: string;
  stop(): Promise<unknown>;
  kill(): Promise<void>;
}
interface OldScripts {
  startLocalWorker(options: { persistTo: string }): Promise<OldWorker>;
}
interface OldHash {
  shardOfUser(userId: string, shardCount: number): number;
}

const importOld = (path: string) => import(pathToFileURL(resolve(checkout, path)).href);
const { startLocalWorker } = (await importOld("scripts/local-worker.ts")) as OldScripts;
const { shardOfUser } = (await importOld("src/model/user-hash.ts")) as OldHash;

const API = "/v3/business-messaging/api";
const SHARDS = 64;
/** Few shards are few databases. */
const USED_SHARDS = new Set([0, 1]);
const BATCH_TARGETS = 6000;

/** User ids of the used shards. */
function pickUsers(prefix: string, count: number): string[] {
  const users: string[] = [];
  for (let number = 0; users.length < count; number++) {
    const user = `${prefix}-${number}`;
    if (USED_SHARDS.has(shardOfUser(user, SHARDS))) users.push(user);
  }
  return users;
}

const folder = mkdtempSync(join(tmpdir(), "onecall-old-state-"));
let worker = await startLocalWorker({ persistTo: folder });
const app = await call(
  "POST",
  "/admin/apps",
  { authorization: `Bearer ${worker.adminToken}` },
  {
    id: "old",
    name: "Made by an earlier version",
  },
);
const key = { appid: app.id, apikey: app.apiKey };
await call("POST", `${API}/channels`, key, { key: "in-app-alerts", name: "In-app alerts", type: "in_app" });
await call("POST", `${API}/channels`, key, { key: "mobile-push", name: "Mobile push", type: "push" });
await call("POST", `${API}/templates`, key, {
  key: "order",
  name: "Order",
  channelKeys: ["in-app-alerts", "mobile-push"],
  content: {
    "in-app-alerts": { text: "Hello {{name}}" },
    "mobile-push": { title: "Hello {{name}}", body: "An order" },
  },
  variableSchema: { name: { type: "string" } },
});
await call("PUT", `${API}/templates/order`, key, { status: "approved" });
await call("PUT", `${API}/templates/order`, key, { content: { "in-app-alerts": { text: "A draft" } } });

const [jane = "", ...others] = pickUsers("user", 4);
const realtime = await send(
  {
    template: { key: "order", variables: { name: "Jane" } },
    targets: [jane],
    mode: "realtime",
    tag: "single",
  },
  { "idempotency-key": "kept" },
);
const { authToken } = await call("POST", `/v3/users/${jane}/auth_tokens`, key, {});
const user = { authorization: `Bearer ${authToken}` };
await call("POST", `${API}/feed/${realtime}/viewed`, user, {});
await call("POST", `${API}/feed/${realtime}/clicked`, user, {});

const batch = await send({
  template: {
    key: "order",
    variables: Object.fromEntries(others.map((name, index) => [name, index === 0 ? {} : { name }])),
  },
  targets: [...others, others[0]],
  mode: "batch",
  tag: "several",
});
await completed(batch);

const rows = pickUsers("row", 3);
const presigned = await call(
  "POST",
  "/v1/storage/targets_files/old.csv/presigned_urls",
  { "api-token": app.apiKey },
  {},
);
const form = new FormData();
for (const [name, value] of Object.entries(presigned.fields)) form.append(name, String(value));
form.append(
  "file",
  new Blob([["user_id,name", ...rows.map((row) => `${row},${row}`)].join("\n")]),
  "old.csv",
);
const uploaded = await fetch(presigned.url, { method: "POST", body: form });
if (uploaded.status !== 204) throw new Error(`The upload answered ${uploaded.status}`);
const file = await send({ template: { key: "order" }, targetsFile: "old.csv", mode: "batch", tag: "file" });
await completed(file);

/** Killed while it is under way: the local queue forgets its messages. */
async function sendAndKill(): Promise<string> {
  const targets = pickUsers("target", BATCH_TARGETS);
  const variables = Object.fromEntries(targets.map((target) => [target, { name: target }]));
  const id = await send({
    template: { key: "order", variables },
    targets,
    mode: "batch",
    tag: "in-flight",
    expiresAt: new Date(Date.now() + 29 * 24 * 60 * 60 * 1000).toISOString(),
  });
  await worker.kill();
  return id;
}

const facts: StoredFacts = {
  adminToken: worker.adminToken,
  apiKey: app.apiKey,
  jane,
  others,
  rows,
  realtime,
  batch,
  file,
  inFlight: "",
  targets: BATCH_TARGETS,
};
// Stopped, not killed: what single sends report comes seconds later.
await worker.stop();
worker = await startLocalWorker({ persistTo: folder });
facts.inFlight = await sendAndKill();
if (isCompleted(facts.inFlight)) throw new Error("The batch was quicker than the kill: run this again");
writeFileSync(`${target}.json`, `${JSON.stringify(facts, null, 2)}\n`);
const unused = ["observability", "cache"].flatMap((part) => ["--exclude", `./v3/${part}`]);
execFileSync("tar", ["-czf", `${resolve(target)}.tgz`, ...unused, "-C", folder, "."]);
rmSync(folder, { recursive: true, force: true, maxRetries: 10 });

async function send(request: object, headers: Record<string, string> = {}): Promise<string> {
  return (await call("POST", `${API}/notifications/send`, { ...key, ...headers }, request)).notificationId;
}

function isCompleted(id: string): boolean {
  const ledgers = join(folder, "v3", "do", "onecall-Ledger");
  return readdirSync(ledgers)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .some((name) => {
      const database = new DatabaseSync(join(ledgers, name));
      const row = database.prepare("SELECT completed_at AS at FROM notifications WHERE id = ?").get(id);
      database.close();
      return row !== undefined && row.at !== null;
    });
}

async function completed(id: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while ((await call("GET", `${API}/notifications/${id}`, key)).state !== "completed") {
    if (Date.now() > deadline) throw new Error(`${id} isn't completed`);
  }
}

async function call(method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(worker.url + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}
