import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { startLocalWorker } from "../../scripts/local-worker.ts";
import { fillApp } from "../web/support/filled-app.ts";
import { TOOLS_LATENCY_MS, timeThrottled } from "../web/support/throttled.ts";
import { report, showMs } from "./figures.ts";

const ROUNDS = 5;
const GOAL = "to reach: 1,000 ms";
/** Home's failures. */
const DATA = "section[aria-label='What failed'] table";

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
    const first = { address: `${worker.url}/dashboard`, usable: "input[name=token]" };
    const signedIn = { address: home, usable: DATA, storageState: storage };
    const times = { first: [] as number[], signedIn: [] as number[], tools: [] as number[] };
    for (let round = 1; round <= ROUNDS; round++) {
      times.first.push(await timeThrottled(browser, first, typeToken));
      times.signedIn.push(await timeThrottled(browser, signedIn, followLink));
      times.tools.push(await timeThrottled(browser, { ...first, latencyMs: TOOLS_LATENCY_MS }, typeToken));
    }
    report("4 × slower CPU, 1.6 Mbit/s, 150 ms to and fro: a token can be typed", showMs(times.first), GOAL);
    report("  signed in, Home shows its data", showMs(times.signedIn));
    report("  562.5 ms for each request, as developer tools have it: a token", showMs(times.tools));
  } finally {
    await browser.close();
    await worker.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function typeToken(page: Page): Promise<void> {
  await page.getByLabel("API key or admin token").fill("typed");
  await page.getByRole("button", { name: "Sign in" }).isEnabled();
}

async function followLink(page: Page): Promise<void> {
  await page.getByRole("link", { name: "All with failures" }).click();
  await page.getByRole("heading", { level: 1, name: "Notifications" }).waitFor();
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
