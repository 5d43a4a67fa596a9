import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments, runScript, UsageError } from "../../scripts/arguments.ts";
import { startLocalWorker } from "../../scripts/local-worker.ts";
import { dim, red } from "../../scripts/terminal.ts";
import { HelperProcess } from "../bench/helper-process.ts";
import { ADMIN_TOKEN } from "../bench/workers.ts";
import { type Credentials, type Device, FakeProviders } from "../support/providers/client.ts";
import { startFakeProviders } from "../support/providers/server.ts";
import { soakDays } from "./days.ts";
import { printBeside, printGrowth, printMemory, printOperations } from "./print.ts";
import type { BesideAnswer, MixedAnswer } from "./questions.ts";
import { sizeOfState } from "./state-size.ts";
import { MemoryWatch } from "./watch.ts";

const USAGE = `Usage: npm run soak -- [--minutes N] [--rate N], or npm run soak -- --days N

Runs Onecall as npm start does, and calls it at a steady rate: realtime sends, batches, feed reads and sockets. Then
one app's realtime sends alone, and beside another app's batch of 100,000.

  --minutes N  how long the mixed calls last, 0.1 to 600 (default 5)
  --rate N     calls a second, 1 to 200 (default 20)
  --days N     instead: what each call and duty costs after N days of 200 sends a second, 2 to 90, beside the first
               day's; tables are filled, a 100th of their rows. Status 1 where anything costs more than 1.5 times`;

const DEVICES_EACH = 20;
const BESIDE = { kind: "beside", perSecond: 40, rows: 100_000 };
/** Characters of the Worker's log that are shown with a fault. */
const KEPT_LOG = 1000;
const MAX_ALONE_SECONDS = 20;

await runScript(USAGE, async () => {
  const options = readArguments(
    {
      minutes: { type: "string", default: "5" },
      rate: { type: "string", default: "20" },
      days: { type: "string" },
    },
    USAGE,
  );
  if (options.days !== undefined) {
    if (!(await soakDays(parseNumber("--days", options.days, 2, 90)))) process.exitCode = 1;
    return;
  }
  const minutes = parseNumber("--minutes", options.minutes, 0.1, 600);
  const perSecond = parseNumber("--rate", options.rate, 1, 200);
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  if (!(await soakCalls(minutes, perSecond))) process.exitCode = 1;
});

/** Returns whether all of it was right. */
async function soakCalls(minutes: number, perSecond: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "onecall-soak-"));
  process.env.ONECALL_ADMIN_TOKEN = ADMIN_TOKEN;
  const providers = await startFakeProviders();
  const worker = await startLocalWorker({ persistTo: folder, providers: providers.url });
  const load = new HelperProcess("../soak/load-process.ts");
  try {
    await load.ask({ kind: "set up", url: worker.url, ...(await createPushProject(providers.url)) });
    const memory = new MemoryWatch(worker.pid);
    await memory.sample();
    memory.start();
    const before = await sizeOfState(folder);
    const mixed = await load.ask<MixedAnswer>({ kind: "mixed", seconds: minutes * 60, perSecond });
    const after = await sizeOfState(folder);
    printOperations(mixed.operations, minutes, perSecond);
    printGrowth(before, after, mixed.deliveries);
    const seconds = Math.min(MAX_ALONE_SECONDS, minutes * 60);
    const beside = await load.ask<BesideAnswer>({ ...BESIDE, url: worker.url, seconds });
    memory.stop();
    printMemory(memory.samples);
    printBeside(beside);
    const errors = [...mixed.operations, beside.alone, beside.beside].flatMap(({ name, reasons }) =>
      reasons.map((reason) => `${name}: ${reason}`),
    );
    for (const fault of [...errors, ...mixed.wrongBatches]) console.log(red(fault));
    if (errors.length + mixed.wrongBatches.length > 0) {
      console.log(dim(worker.recentLog().slice(-KEPT_LOG)));
      return false;
    }
    return true;
  } finally {
    await load.stop();
    await worker.stop();
    await providers.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function createPushProject(url: string): Promise<{ credentials: Credentials; devices: Device[] }> {
  const project = await new FakeProviders(url).createProject({ keepReceived: 0 });
  const devices = await Promise.all([
    project.createDevices("fcm", DEVICES_EACH),
    project.createDevices("apns", DEVICES_EACH),
    project.createDevices("webpush", DEVICES_EACH),
  ]);
  return { credentials: project.credentials, devices: devices.flat() };
}

function parseNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || number < least || number > most) {
    throw new UsageError(`${name} must be a number from ${least} to ${most}, not "${text}".`);
  }
  return number;
}
