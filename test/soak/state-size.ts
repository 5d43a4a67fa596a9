import { copyFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const DATABASE = ".sqlite";
const LOG = "-wal";
const INDEX = "-shm";

/**
 * Bytes of what a state folder holds: of databases the pages, wherever they are. Their write-ahead logs are as large as
 * the last burst, up to 4 MB an object, and say nothing of what is kept.
 */
export async function sizeOfState(folder: string): Promise<number> {
  const copies = await mkdtemp(join(tmpdir(), "onecall-soak-size-"));
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    let bytes = 0;
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.endsWith(LOG) || path.endsWith(INDEX)) continue;
      bytes += path.endsWith(DATABASE) ? await sizeOfDatabase(path, copies) : (await stat(path)).size;
    }
    return bytes;
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

/** From a copy: the Worker has the database open. */
async function sizeOfDatabase(path: string, folder: string): Promise<number> {
  const copy = join(folder, `copy${DATABASE}`);
  await copyFile(path, copy);
  // A database that nobody has written to since it was closed has no log.
  const hasLog = await copyFile(`${path}${LOG}`, `${copy}${LOG}`).then(
    () => true,
    () => false,
  );
  const database = new DatabaseSync(copy);
  try {
    const pages = database.prepare(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
    );
    return Number(pages.get()?.bytes);
  } finally {
    database.close();
    await rm(copy);
    if (hasLog) await rm(`${copy}${LOG}`, { force: true });
  }
}
