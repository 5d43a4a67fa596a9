import { lstatSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
const PREFIX = "onecall-tests-";
/** The suite's databases take 0.4 GB; containers often have 64 MB. */
const MIN_FREE_BYTES = 2 * 1024 ** 3;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Has this process keep its temporary files in memory, where there is room: tests write thousands of small databases,
 * and waiting for the disk was a quarter of their time. `TMPDIR`, where it is set, stays.
 */
export function keepStorageInMemory(): void {
  if (process.env.TMPDIR !== undefined) return;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < MIN_FREE_BYTES) return;
    removeLeftOvers();
    const folder = mkdtempSync(join(MEMORY, PREFIX));
    process.once("exit", () => remove(folder));
    process.env.TMPDIR = folder;
  } catch {
    // There is none, or it isn't ours to write to: the disk will do.
  }
}

/** What a run left that was killed is memory that nobody else gives back. */
function removeLeftOvers(): void {
  for (const name of readdirSync(MEMORY).filter((found) => found.startsWith(PREFIX))) {
    const folder = join(MEMORY, name);
    const found = lstatSync(folder);
    const isOurs = found.isDirectory() && found.uid === process.getuid?.();
    if (isOurs && Date.now() - found.mtimeMs > DAY_MS) remove(folder);
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
