import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { isCounted } from "../bench/batch.ts";
import { OnecallClient } from "../bench/onecall-client.ts";
import { uploadFile } from "../bench/targets-file.ts";
import { type BenchWorker, bundleOnecall, startOnecall } from "../bench/workers.ts";

const API = "/v3/business-messaging/api";
const UID = "mia@example.com";
/** What was sent to the user, in every way, and what is said of them: none of it may be anywhere after. */
const SECRET = "Secret Street 1";
const OTHERS = Array.from({ length: 30 }, (_, index) => `user-${index}`);
const SETTLED_MS = 3_000;

interface Finding {
  database: string;
  column: string;
}

/** Every value of every table in every database of a state folder in which the text stands. */
async function scanTables(folder: string, text: string): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const path of await listFiles(folder, ".sqlite")) {
    const database = new DatabaseSync(path);
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    for (const { name } of tables) {
      const rows = database.prepare(`SELECT * FROM "${String(name)}"`);
      // Some numbers are beyond what JavaScript's own hold.
      rows.setReadBigInts(true);
      for (const row of rows.all()) {
        for (const [column, value] of Object.entries(row)) {
          const shown = value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
          if (shown.includes(text))
            found.push({ database: relative(folder, path), column: `${name}.${column}` });
        }
      }
    }
    database.close();
  }
  return found;
}

async function listFiles(folder: string, ending: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Files that hold the text, compressed or not, and aren't a database's. */
async function scanFiles(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await listFiles(folder, "")) {
    if (/\.sqlite(-wal|-shm)?$/.test(path)) continue;
    const bytes = await readFile(path);
    const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    if (content.includes(text)) found.push(relative(folder, path));
  }
  return found;
}

describe("a state folder after a user's deletion", () => {
  let folder: string;
  let script: string;
  let worker: BenchWorker;
  let client: OnecallClient;

  const call = async (method: string, path: string, headers: Record<string, string>, body?: object) => {
    const response = await fetch(`${client.url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === "" ? {} : JSON.parse(text);
  };
  const waitFor = async (id: string, targets: number) => {
    while (!(await isCounted(client, id, targets))) await delay(20);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onecall-erasure-"));
    script = await bundleOnecall();
    worker = await startOnecall(script, { state: folder });
    client = await OnecallClient.create(worker.url);
  });
  after(async () => {
    await worker.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("has the user's values in no table of any object, and in R2 in the audiences that are to end", async () => {
    await call("POST", `${API}/users`, client.headers, {
      uid: UID,
      name: SECRET,
      metadata: { note: SECRET },
    });
    const token = await client.tokenFor(UID);
    const values = { customerName: SECRET, orderId: "1" };
    // To one, with title and tag; a batch that is looked at, and one that isn't; a file.
    const one = { template: { key: "order-confirmation", variables: values }, targets: [UID] };
    await call("POST", client.sendPath, client.headers, {
      ...one,
      mode: "realtime",
      title: SECRET,
      tag: SECRET,
    });
    const variables = Object.fromEntries([UID, ...OTHERS].map((uid) => [uid, values]));
    const batch = {
      template: { key: "order-confirmation", variables },
      targets: [UID, ...OTHERS],
      mode: "batch",
    };
    const { notificationId: first } = await call("POST", client.sendPath, client.headers, batch);
    await waitFor(first, OTHERS.length + 1);
    const feed = await call("GET", `${API}/feed?limit=50`, { authorization: `Bearer ${token}` });
    assert.equal(JSON.stringify(feed).split(SECRET).length > 2, true);
    const mine = { ...batch, template: { key: "order-confirmation", variables: { [UID]: values } } };
    const { notificationId: second } = await call("POST", client.sendPath, client.headers, mine);
    await waitFor(second, OTHERS.length + 1).catch(() => {});
    const csv = `user_id,name,order,city,day\n${UID},${SECRET},1,Rome,Monday\n`;
    await uploadFile(client, "people", Buffer.from(csv));

    await worker.restart();
    const before = await scanTables(folder, SECRET);
    assert.ok(before.length > 0, "the scan finds what is there");
    await call("DELETE", `${API}/users/${encodeURIComponent(UID)}`, client.headers);
    // What ledgers are told of it they have in seconds.
    await delay(SETTLED_MS);
    await worker.stop();

    const others = await scanTables(folder, "user-1");
    assert.ok(others.length > 0);
    // The other users were sent the same: their values stay, in the same segments.
    const left = await scanTables(folder, SECRET);
    assert.deepEqual([...new Set(left.map(({ column }) => column))], ["segments.lines"]);
    const lines = await readLines(folder, UID);
    assert.ok(lines.length >= 2);
    for (const line of lines) assert.doesNotMatch(line, new RegExp(SECRET));
    const inR2 = await scanFiles(folder, SECRET);
    assert.ok(inR2.length > 0);
    for (const path of inR2) assert.match(path, /r2/);
    worker = await startOnecall(script, { state: folder });
  });
});

/** A user's lines in all segments of all shards. */
async function readLines(folder: string, uid: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await listFiles(folder, ".sqlite")) {
    const database = new DatabaseSync(path);
    const isShard =
      database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'segments'").get() !== undefined;
    const rows = isShard ? database.prepare("SELECT lines FROM segments").all() : [];
    database.close();
    found.push(
      ...rows.flatMap(({ lines }) => String(lines).split("\n")).filter((line) => line.includes(uid)),
    );
  }
  return found;
}
