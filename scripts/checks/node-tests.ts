import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { startWorkerService } from "../../test/support/worker/service.ts";
import { SERVICE_VARIABLE } from "../../test/support/worker/start.ts";
import { keepStorageInMemory } from "../test-storage.ts";

/**
 * `npm run test:e2e`, `npm run test:web`: a folder's tests by node:test, each file in a process of its own, with a
 * Worker, ports and folders of its own; named files of it alone where some are named. What starts those Workers is
 * loaded once, here. With TEST_RETRIES, which
 * `.ci/run` sets as for vitest, a file of which a test failed runs again as often; the output names it, and it is a
 * fault to mend all the same.
 */

/** A file that hangs fails: the longest takes a few minutes on a busy machine. */
const FILE_TIMEOUT_MS = 12 * 60 * 1000;

const [folder = "", ...named] = process.argv.slice(2);
const retries = Number(process.env.TEST_RETRIES ?? 0);

const all = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
// Workers' state folders, and the browser's.
keepStorageInMemory();
const service = await startWorkerService();
process.env[SERVICE_VARIABLE] = service.url;
let files = (named.length > 0 ? named : all).map((name) => join(process.cwd(), folder, name));

for (let left = retries; files.length > 0; left--) {
  const failed = await runFiles(files);
  if (failed.length > 0) console.error(`\nFailed: ${failed.join(", ")}${left > 0 ? "; once more:" : ""}`);
  if (left <= 0) {
    process.exitCode = failed.length > 0 ? 1 : 0;
    break;
  }
  files = failed;
}
await service.stop();

/** Runs them, as many at once as there are cores: mostly they wait. Returns the paths of those that failed. */
function runFiles(paths: readonly string[]): Promise<string[]> {
  const failed = new Set<string>();
  return new Promise((resolve, reject) => {
    const events = run({ files: [...paths], concurrency: availableParallelism(), timeout: FILE_TIMEOUT_MS });
    events.on("test:fail", ({ file }) => {
      if (file !== undefined) failed.add(file);
    });
    events.on("error", reject);
    events.on("end", () => resolve([...failed]));
    events.compose(spec).pipe(process.stdout);
  });
}
