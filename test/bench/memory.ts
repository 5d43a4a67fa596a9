import { readdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { formatNumber, report } from "./figures.ts";
import { findFreePort } from "./free-port.ts";
import { IsolateMemory } from "./isolate-memory.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, EXTREME_FILES, uploadFile } from "./targets-file.ts";
import { startOnecall } from "./workers.ts";

/** 100,000 rows of 262 bytes: just under the limit of 25 MB. */
const ROWS = 100_000;
const NAME_LENGTH = 195;
/** Between the last call and the reading that counts as idle. */
const SETTLE_MS = 1_000;
/** Tells Linux to forget a process's peak (proc_pid_clear_refs(5)). */
const RESET_PEAK = "5";

/**
 * How far memory rises above idle while files at the size limit are uploaded, in two ways: of the workerd
 * process, whose peak Linux keeps (VmHWM, reset at idle, so none is missed), with the local R2 and the runtime
 * in it; and of Onecall's own isolate, which is what the platform limits.
 */
export async function benchMemory(script: string): Promise<void> {
  if (process.platform !== "linux") {
    report("Memory of uploads", "not measured", "needs Linux's /proc");
    return;
  }
  const csv = createCsv(ROWS, NAME_LENGTH);
  report("Uploads of 100,000 rows, peak above idle", `${(csv.length / 2 ** 20).toFixed(2)} MiB each`);
  await reportPeaks(script, csv, ["one"], "one upload");
  await reportPeaks(script, csv, ["one", "two"], "two at once");
  for (const [name, create] of EXTREME_FILES)
    await reportPeaks(script, create(), ["one", "two"], `two of ${name}`);
}

async function reportPeaks(script: string, csv: Buffer, fileKeys: string[], name: string): Promise<void> {
  const others = new Set(await listChildren());
  const inspectorPort = await findFreePort();
  const worker = await startOnecall(script, { inspectorPort });
  try {
    const [pid] = (await listChildren()).filter((child) => !others.has(child));
    if (pid === undefined) throw new Error("workerd isn't a child of this process");
    const client = await OnecallClient.create(worker.url);
    await uploadFile(client, "warm", createCsv(1_000));
    await delay(SETTLE_MS);
    const isolate = await IsolateMemory.connect(inspectorPort);
    const isolateIdleMb = await isolate.readMb();
    await writeFile(`/proc/${pid}/clear_refs`, RESET_PEAK);
    const idleMb = await readMb(pid, "VmRSS");
    const isolatePeakMb = await isolate.peakMb(() =>
      Promise.all(fileKeys.map((fileKey) => uploadFile(client, fileKey, csv))),
    );
    const peakMb = await readMb(pid, "VmHWM");
    isolate.close();
    report(
      `  workerd, local R2 in it, ${name}`,
      `${formatNumber(peakMb - idleMb)} MB`,
      `to reach: 100 MB (idle ${formatNumber(idleMb)} MB)`,
    );
    report(
      `  Onecall's isolate alone, ${name}`,
      `${formatNumber(isolatePeakMb - isolateIdleMb)} MB`,
      `to reach: 100 MB (idle ${formatNumber(isolateIdleMb)} MB)`,
    );
  } finally {
    await worker.stop();
  }
}

async function readMb(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return (Number(kib) * 1024) / 1e6;
}

/** Processes that this one started and that still run. */
async function listChildren(): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      // It may end while it is looked at.
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
      return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === process.pid).map(Number);
}
