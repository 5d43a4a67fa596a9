import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Onecall } from "../src/client/index.ts";
import { startFakeProviders } from "../test/support/providers/server.ts";
import { readArguments, runScript } from "./arguments.ts";
import { tellStory } from "./demo/story.ts";
import { type LocalWorker, startLocalWorker } from "./local-worker.ts";
import { bold, dim, formatTime, green, red } from "./terminal.ts";

const USAGE = `Usage: npm run demo [-- --keep]

Runs Onecall and fake push providers on this machine, in a temporary folder; sends to one user, to 10,000 and to a CSV of 100,000, and shows the pushes and the counts.

  --keep   leaves it running, and prints a link to the dashboard that signs in once; Ctrl-C ends it`;

await runScript(USAGE, async () => {
  const { keep } = readArguments({ keep: { type: "boolean", default: false } }, USAGE);
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  const providers = await startFakeProviders();
  const folder = mkdtempSync(join(tmpdir(), "onecall-demo-"));
  const startedAt = performance.now();
  console.log(`\n${bold("Onecall")} ${dim("· one call, one user or a hundred thousand")}\n`);
  const starting = startLocalWorker({ persistTo: folder, providers: providers.url });
  // After the Worker's own exit handler: a folder that is written to can't be removed.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  let worker: LocalWorker | null = null;
  try {
    worker = await starting;
    console.log(
      `${green("✓")} A Worker on this machine ${dim(`${worker.url}, up in ${formatTime(startedAt)}`)}`,
    );
    const app = await tellStory(worker, providers.url);
    if (keep) await showDashboard(worker, app);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`\n${red("✗")} ${message}${worker ? dim(`\n\n${worker.recentLog()}`) : ""}`);
    process.exitCode = 1;
  } finally {
    await worker?.stop();
    await providers.stop();
  }
});

/** Prints a link to the app that the story has filled, and stays until it is interrupted. */
async function showDashboard({ url, adminToken }: LocalWorker, app: string): Promise<never> {
  const { admin } = new Onecall({ url, adminToken });
  const link = await admin.createSignInCode(app);
  console.log(
    `${bold("The dashboard")} ${dim("the link signs in once, within ten minutes")}\n\n  ${link.url}\n`,
  );
  console.log(dim("Ctrl-C ends it, and removes all of it."));
  // A timer keeps the process: nothing else waits for anything.
  return new Promise(() => setInterval(() => {}, 60_000));
}
