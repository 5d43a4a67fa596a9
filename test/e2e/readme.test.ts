import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { ROOT } from "../../scripts/wrangler.ts";

/** The README's blocks, pasted one after the other into `sh`, and what the README says that they print. */

const SECTIONS = ["A first send", "A send to a CSV", "Push", "Webhooks"];
const BUILT = ["build", "dist"];
const MARK = "@@ the block's end";
const RUN_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 60_000;
/** Fields of examples that are others in every run. */
const OWN = /^(id|apiKey|notificationId|notification_id|createdAt|created_at|value)$/;

const folder = mkdtempSync(join(tmpdir(), "onecall-readme-"));
const FOLDERS = {
  state: join(folder, "state"),
  fakes: join(folder, "fakes"),
  temporary: join(folder, "tmp"),
};
const readme = readFileSync(join(ROOT, "README.md"), "utf8");

let worker: LocalWorker;
let fakes: ChildProcess;
let rootBefore: string[];
/** What each block of a section printed, by the section's title. */
let printed: Map<string, string[]>;
let complaints: string;

before(async () => {
  rootBefore = visibleFiles();
  const providers = await startFakes();
  worker = await startLocalWorker({ persistTo: FOLDERS.state, providers });
  await pasteBlocks();
});

after(async () => {
  fakes?.kill();
  await worker?.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("the README's blocks", () => {
  test("send to one user and to several, with the counts and the feed that it shows", () => {
    const [created, , , realtime, batch, feed] = outputsOf("A first send");
    const examples = examplesOf("A first send");
    assertLike(JSON.parse(created ?? ""), JSON.parse(examples[0] ?? ""));
    assertLike(JSON.parse(realtime ?? ""), JSON.parse(examples[1] ?? ""));
    const counts = JSON.parse(`{${examples[2]}}`);
    const { state, duplicates, counts: got } = JSON.parse(batch ?? "");
    assert.deepEqual({ state, duplicates, counts: got }, counts);
    assertLike(JSON.parse(feed ?? ""), JSON.parse(examples[3] ?? ""));
  });

  test("upload a CSV and send to it", () => {
    const [, uploaded, sent] = outputsOf("A send to a CSV");
    assert.equal(uploaded, "204");
    const [answer, completed] = (sent ?? "").split("\n");
    assertLike(JSON.parse(answer ?? ""), JSON.parse(examplesOf("A send to a CSV")[0] ?? ""));
    assert.deepEqual(
      JSON.parse(completed ?? "").counts,
      JSON.parse(`{${examplesOf("A first send")[2]}}`).counts,
    );
  });

  test("push to a device of each provider, and take the providers' own files", () => {
    const [pushed, own] = outputsOf("Push");
    // They go out at once and arrive in any order.
    const arrived = (pushed ?? "").split("\n").filter((line) => !line.startsWith("{"));
    assert.deepEqual(arrived.sort(), examplesOf("Push")[0]?.split("\n").sort());
    const [fcm, apns, tested] = (own ?? "").split("\n").map((line) => JSON.parse(line));
    assert.ok(fcm.providers.fcm.fingerprint && apns.providers.apns.fingerprint);
    assert.equal(tested.outcome, "accepted");
  });

  test("receive a webhook and verify it", () => {
    const [, received] = outputsOf("Webhooks");
    assert.equal((received ?? "").split("\n").at(-1), examplesOf("Webhooks")[0]);
  });

  test("complain of nothing, and leave nothing behind", () => {
    assert.equal(complaints, "");
    assert.deepEqual(readdirSync(FOLDERS.temporary), []);
    assert.deepEqual(visibleFiles(), rootBefore);
  });
});

/** What stands in the root. Folders that aren't versioned may come meanwhile: wrangler's, and what is built. */
function visibleFiles(): string[] {
  return readdirSync(ROOT).filter((name) => !name.startsWith(".") && !BUILT.includes(name));
}

async function pasteBlocks(): Promise<void> {
  mkdirSync(FOLDERS.temporary);
  const blocks = SECTIONS.flatMap((title) => blocksOf(title, "sh").map((block) => ({ title, block })));
  const script = join(folder, "pasted.sh");
  const pasted = blocks.map(({ block }) => `${block}\nprintf '%s\\n' "${MARK}"\n`).join("");
  writeFileSync(script, await ofThisRun(pasted));
  const shell = spawn("sh", [script], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: FOLDERS.temporary },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_TIMEOUT_MS,
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(shell.stdout),
    text(shell.stderr),
    once(shell, "close"),
  ]);
  assert.equal(status, 0, stdout + stderr);
  complaints = stderr;
  const parts = stdout.split(`${MARK}\n`).map((part) => part.trim());
  printed = new Map(
    SECTIONS.map((title) => [
      title,
      blocks.flatMap((block, index) => (block.title === title ? [parts[index] ?? ""] : [])),
    ]),
  );
}

/** Another address and other folders; nothing else is changed. */
async function ofThisRun(script: string): Promise<string> {
  const here = {
    "http://localhost:8787": worker.url,
    "http://localhost:8788": `http://localhost:${await freePort()}`,
    ".wrangler/state/": `${FOLDERS.state}/`,
    ".wrangler/fake-providers": FOLDERS.fakes,
  };
  return Object.entries(here).reduce((changed, [there, replacement]) => {
    assert.equal(changed.split(there).length, 2, `${there} is named once`);
    return changed.replace(there, replacement);
  }, script);
}

/** Blocks of a section, in its order; those that start a server in a terminal of its own are left out. */
function blocksOf(title: string, language: "sh" | ""): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  const blocks = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, found, block = ""]) =>
    found === language && !block.startsWith("npm ") ? [block.trimEnd()] : [],
  );
}

const examplesOf = (title: string) => blocksOf(title, "");

function outputsOf(title: string): string[] {
  return printed.get(title) ?? [];
}

/** The same fields and values but for those that every run has its own of. */
function assertLike(actual: unknown, example: unknown): void {
  const hide = (name: string, value: unknown) => (OWN.test(name) ? typeof value : value);
  assert.deepEqual(JSON.parse(JSON.stringify(actual, hide)), JSON.parse(JSON.stringify(example, hide)));
}

async function startFakes(): Promise<string> {
  const args = [join(ROOT, "scripts/fake-providers.ts"), "--port", "0", "--write-to", FOLDERS.fakes];
  fakes = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const out = fakes.stdout;
  if (out === null) throw new Error("The fake providers have no output");
  const [first] = await once(out, "data", { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  out.resume();
  const url = /^Fake providers on (\S+)$/m.exec(String(first))?.[1];
  assert.ok(url, `the fake providers started: ${first}`);
  return url;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}
