import { copyFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { DatabaseSync } from "node:sqlite";

const DATABASE = ".sqlite";
const LOG = "-wal";
const INDEX = "-shm";

/** Bytes of what a state folder holds, by what holds it: the objects of a class, R2, KV. */
export type StateSize = ReadonlyMap<string, number>;

/**
 * Of databases the pages count, wherever they are. Their write-ahead logs are as large as the last burst, up to 4 MB an
 * object, and say nothing of what is kept.
 */
export async function sizeOfState(folder: string): Promise<StateSize> {
  const copies = await mkdtemp(join(tmpdir(), "onecall-soak-size-"));
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const sizes = new Map<string, number>();
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.endsWith(LOG) || path.endsWith(INDEX)) continue;
      const bytes = path.endsWith(DATABASE) ? await sizeOfDatabase(path, copies) : (await stat(path)).size;
      const holder = holderOf(relative(folder, path));
      sizes.set(holder, (sizes.get(holder) ?? 0) + bytes);
    }
    return sizes;
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}

/** `do/onecall-UserShard/….sqlite` is UserShard's, `r2/…` R2's. */
function holderOf(path: string): string {
  const [kind = "", name = ""] = path.split(sep).filter((part) => !/^v\d+$/.test(part));
  return kind === "do" ? (name.split("-").at(-1) ?? name) : kind;
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
