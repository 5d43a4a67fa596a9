import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import * as v from "valibot";
import type { LocalWorker } from "../../../scripts/local-worker.ts";
import { ROOT } from "../../../scripts/wrangler.ts";
import { Onecall } from "../../../src/client/index.ts";
import { findFreePort } from "../../bench/free-port.ts";
import type { ReadyApp } from "./ready-app.ts";
import { mustRun, userEnvironment } from "./run.ts";

/** The lines that the README may need for the everyday task. */
const MAX_LINES = 12;
/** Of an example: an install from the registry, a build, a start. */
const EXAMPLE_TIMEOUT_MS = 600_000;
const START_TIMEOUT_MS = 60_000;
const LOOK_MS = 100;

const SentSchema = v.object({ notificationId: v.string() });
const TokenSchema = v.object({ authToken: v.string() });

export interface Surroundings {
  folder: string;
  tarball: string;
  worker: LocalWorker;
  app: ReadyApp;
}

/** Each example is installed, built with its own tools, started and called. */
export function testExamples(surroundings: () => Surroundings): void {
  test("the README's everyday task is the Express example, in at most 12 lines", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/```tsx? (\S+)\n(.*?)```/gs)].map(([, file = "", code = ""]) => ({
      file,
      code,
    }));
    assert.deepEqual(
      blocks.map(({ file }) => file),
      ["server.ts", "inbox.tsx"],
    );
    for (const { file, code } of blocks) {
      assert.equal(code, readFileSync(join(ROOT, "examples", "express", file), "utf8"));
    }
    const lines = blocks.flatMap(({ code }) => code.split("\n")).filter((line) => line.trim() !== "");
    assert.ok(lines.length <= MAX_LINES, `${lines.length} lines`);
  });

  test("the Express example confirms an order once", { timeout: EXAMPLE_TIMEOUT_MS }, async () => {
    const { folder, ...rest } = surroundings();
    const project = await install("express", { folder, ...rest });
    await mustRun("npm", ["run", "build"], { cwd: project });
    await withServer(project, ["built/main.js"], rest, (url) => confirmOrders(url, rest));
  });

  test("the Next.js example confirms an order once, and its page has the inbox", {
    timeout: EXAMPLE_TIMEOUT_MS,
  }, async () => {
    const { folder, ...rest } = surroundings();
    const project = await install("nextjs", { folder, ...rest });
    await mustRun("npm", ["run", "build"], { cwd: project, env: { NEXT_TELEMETRY_DISABLED: "1" } });
    await withServer(project, ["node_modules/next/dist/bin/next", "start"], rest, async (url) => {
      await confirmOrders(url, rest);
      assert.match(await (await fetch(url)).text(), /<onecall-inbox/);
    });
  });
}

async function install(name: string, { folder, tarball }: Surroundings): Promise<string> {
  const project = join(folder, name);
  cpSync(join(ROOT, "examples", name), project, { recursive: true });
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  await mustRun("npm", ["install", ...quiet, tarball], { cwd: project });
  return project;
}

/** Runs the example's server for as long as it is used. */
async function withServer(
  project: string,
  args: readonly string[],
  { worker, app }: Pick<Surroundings, "worker" | "app">,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const port = await findFreePort();
  const env = { ONECALL_URL: worker.url, ONECALL_API_KEY: app.apiKey, PORT: String(port) };
  const server = spawn("node", args, {
    cwd: project,
    env: { ...userEnvironment(), ...env },
    stdio: "inherit",
  });
  try {
    await waitForServer(server, `http://127.0.0.1:${port}`);
    await use(`http://127.0.0.1:${port}`);
  } finally {
    const ended = new Promise((resolve) => server.once("close", resolve));
    if (server.exitCode === null && server.kill("SIGKILL")) await ended;
  }
}

async function waitForServer(server: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && server.exitCode === null) {
    const answer = await fetch(url).catch(() => null);
    if (answer !== null) {
      await answer.body?.cancel();
      return;
    }
    await wait(LOOK_MS);
  }
  throw new Error(`The example's server isn't there: status ${server.exitCode}`);
}

/** An order, the same order again, one that lacks something; and the inbox's token shows what came of it. */
async function confirmOrders(
  url: string,
  { worker, app }: Pick<Surroundings, "worker" | "app">,
): Promise<void> {
  const orderId = `order of ${url}`;
  const order = { to: "jane", order: { customerName: "Jane", orderId } };
  const post = (path: string, body: object) =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const [first, again] = [await post("/orders", order), await post("/orders", order)];
  assert.deepEqual([first.status, again.status], [200, 200]);
  const sent = v.parse(SentSchema, await first.json());
  assert.deepEqual(v.parse(SentSchema, await again.json()), sent);
  const refused = await post("/orders", { to: "jane", order: { orderId: `${orderId}, refused` } });
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /ERR_INVALID_VARIABLES.*customerName/);
  const { authToken: userToken } = v.parse(TokenSchema, await (await post("/token", {})).json());
  const { feed } = new Onecall({ url: worker.url, userToken });
  const items = (await feed.list({ limit: 100 }).page()).data.filter(
    (item) => item.notificationId === sent.notificationId,
  );
  assert.equal(items.length, 1);
  assert.equal((await app.onecall.notifications.get(sent.notificationId)).counts["in-app"]?.delivered, 1);
}
