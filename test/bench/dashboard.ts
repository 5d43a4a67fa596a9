import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core";
import { startLocalWorker } from "../../scripts/local-worker.ts";
import { fillApp } from "../web/support/filled-app.ts";
import { timeThrottled } from "../web/support/throttled.ts";
import { report, showMs } from "./figures.ts";

const ROUNDS = 5;
const GOAL = "to reach: 1,000 ms";

/** The dashboard's first pages on a phone of the middle with a mobile network, with an empty cache. */
export async function benchDashboard(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "onecall-bench-dashboard-"));
  const [worker, browser] = await Promise.all([
    startLocalWorker({ persistTo: folder }),
    chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] }),
  ]);
  try {
    const app = await fillApp(worker);
    const home = `${worker.url}/dashboard/${app.id}/home`;
    const storage = await signIn(browser, home, app.apiKey);
    const first: number[] = [];
    const signedIn: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      first.push(
        await timeThrottled(browser, `${worker.url}/dashboard`, async (page) => {
          await page.getByLabel("API key or admin token").fill("typed");
        }),
      );
      signedIn.push(
        await timeThrottled(
          browser,
          home,
          async (page) => {
            await page.getByRole("heading", { name: "What failed most" }).waitFor();
          },
          storage,
        ),
      );
    }
    report("4 × slower CPU, fast 3G: a token can be typed", showMs(first), GOAL);
    report("  signed in, Home can be used", showMs(signedIn));
  } finally {
    await browser.close();
    await worker.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function signIn(
  browser: Browser,
  address: string,
  token: string,
): Promise<BrowserContextOptions["storageState"]> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address);
  await page.getByLabel("API key or admin token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "What failed most" }).waitFor();
  const state = await context.storageState();
  await context.close();
  return state;
}
