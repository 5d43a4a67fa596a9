import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { ROOT } from "../../scripts/wrangler.ts";

const folder = mkdtempSync(join(tmpdir(), "onecall-start-"));
const workers: LocalWorker[] = [];
after(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("npm start", () => {
  test("keeps its admin token and its state, also after a SIGKILL of all its processes", async () => {
    const first = await start();
    assert.match(first.adminToken, /^[A-Za-z0-9_-]{20,}$/);
    const log = first.recentLog();
    assert.ok(log.indexOf("Admin token: ") < log.indexOf("Ready on "), "the token comes before the address");
    assert.equal(await createApp(first), 201);
    await first.kill();
    await assertGone(first);

    const second = await start();
    assert.equal(second.adminToken, first.adminToken);
    assert.equal(await getApp(second), 200);
    assert.equal(await second.stop(), 0, "a stop that was asked for is no failure");
    await assertGone(second);
  });

  for (const [what, args, message] of [
    ["a port that is no number", ["--port", "http"], '--port must be a number from 0 to 65535, not "http".'],
    ["a port out of range", ["--port", "65536"], '--port must be a number from 0 to 65535, not "65536".'],
    ["an option it doesn't know", ["--prot", "8787"], "Unknown option '--prot'"],
    ["an option without its value", ["--port"], "Option '--port <value>' argument missing"],
    ["a stray word", ["8787"], "Unexpected argument '8787'."],
    ["an empty folder name", ["--persist-to="], "--persist-to must name a folder."],
    [
      "providers at no URL",
      ["--providers", "localhost:8790"],
      '--providers must be an http or https URL such as http://localhost:8790, not "localhost:8790".',
    ],
    ["a variable without a value", ["--var", "STALL_SECONDS"], "--var must be NAME:VALUE"],
    ["providers at a URL that isn't http", ["--providers", "ftp://localhost"], 'not "ftp://localhost".'],
    ["a folder that is a file", ["--persist-to", join(ROOT, "package.json")], "can't be used"],
  ] as const) {
    test(`refuses ${what} with status 2 and its usage`, () => {
      const { status, stderr, stdout } = runStart(args);
      assert.equal(status, 2);
      assert.ok(stderr.includes(message), stderr);
      assert.ok(stderr.includes("Usage: npm start"), stderr);
      assert.equal(stdout, "");
    });
  }

  test("refuses an admin token that would need quoting", () => {
    const { status, stderr } = runStart(["--persist-to", folder], { ONECALL_ADMIN_TOKEN: "two words" });
    assert.equal(status, 2);
    assert.ok(stderr.includes("ONECALL_ADMIN_TOKEN may have letters, digits, _ and - only."), stderr);
  });

  test("starts thrice at once, refuses a state folder in use, and takes it when its user was killed", async () => {
    const shared = join(folder, "shared");
    let printed = "";
    const onLog = (text: string) => {
      printed += text;
    };
    const folders = [shared, join(folder, "second"), join(folder, "third")];
    const started = await Promise.all(folders.map((persistTo) => startLocalWorker({ persistTo, onLog })));
    workers.push(...started);
    const [first, ...others] = started;
    assert.ok(first !== undefined);
    // Nor is a port that nobody sees, such as an inspector's.
    assert.doesNotMatch(printed, /Address already in use/);
    assert.deepEqual(await Promise.all(others.map((other) => other.stop())), [0, 0]);
    const { status, stderr, stdout } = runStart(["--port", "0", "--persist-to", shared]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^The state folder .*shared is in use by another npm start: [^\n]+\n$/);
    await first.kill();
    const second = await startLocalWorker({ persistTo: shared });
    assert.equal(await second.stop(), 0);
  });

  for (const [given, message] of [
    ["RETENTION_DAYS:abc", 'The variable RETENTION_DAYS must be a number above 0, at most 3660, not "abc".'],
    ["STALL_SECONDS:0", 'The variable STALL_SECONDS must be a number above 0, at most 86400, not "0".'],
    ["FCM_URL:fcm", 'The variable FCM_URL must be an http or https URL, not "fcm".'],
    ["ALLOW_LOOPBACK:yes", 'The variable ALLOW_LOOPBACK must be true or false, not "yes".'],
  ] as const) {
    test(`refuses ${given} with status 1 and one sentence`, () => {
      const { status, stderr } = runStart(["--persist-to", join(folder, "variables"), "--var", given]);
      assert.deepEqual([status, stderr], [1, `${message}\n`]);
    });
  }

  test("refuses a port that is taken", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const address = holder.address();
    assert.ok(typeof address === "object" && address !== null);
    const port = String(address.port);
    try {
      const { status, stderr } = runStart(["--port", port, "--persist-to", join(folder, "taken")]);
      assert.deepEqual(
        [status, stderr],
        [1, `Port ${port} is taken: choose another with --port N, or 0 for any free one.\n`],
      );
    } finally {
      holder.close();
    }
  });

  test("explains itself with --help", () => {
    const { status, stdout } = runStart(["--help"]);
    assert.equal(status, 0);
    assert.ok(stdout.startsWith("Usage: npm start"), stdout);
  });
});

/** A worker that is ended with the test, whatever becomes of it. */
async function start(): Promise<LocalWorker> {
  const worker = await startLocalWorker({ persistTo: folder });
  workers.push(worker);
  return worker;
}

function runStart(args: readonly string[], env: Record<string, string> = {}) {
  const script = join(ROOT, "scripts", "start.ts");
  return spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
}

async function createApp({ url, adminToken }: LocalWorker): Promise<number> {
  const response = await fetch(`${url}/admin/apps`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ id: "kept", name: "Kept" }),
  });
  await response.body?.cancel();
  return response.status;
}

async function getApp({ url, adminToken }: LocalWorker): Promise<number> {
  const response = await fetch(`${url}/admin/apps/kept`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  await response.body?.cancel();
  return response.status;
}

async function assertGone({ url }: LocalWorker): Promise<void> {
  await assert.rejects(fetch(`${url}/health`), "nothing listens any more");
}
