import { mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** The suite's databases take 0.4 GB; containers often have 64 MB. */
const MIN_FREE_BYTES = 2 * 1024 ** 3;

/**
 * Has this process keep its temporary files in memory, where there is room: tests write thousands of small databases,
 * and waiting for the disk was a quarter of their time. `TMPDIR`, where it is set, stays.
 */
export function keepStorageInMemory(): void {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return;
  const parent = join(MEMORY, `onecall-tests-${process.getuid?.() ?? 0}`);
  const own = join(parent, String(process.pid));
  mkdirSync(own, { recursive: true });
  // What a run left that was killed is memory that nobody else gives back.
  for (const name of readdirSync(parent)) if (!isRunning(Number(name))) remove(join(parent, name));
  process.env.TMPDIR = own;
  process.once("exit", () => remove(own));
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= MIN_FREE_BYTES;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
