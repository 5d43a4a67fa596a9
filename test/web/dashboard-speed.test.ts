import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { startBrowser } from "./support/browser.ts";
import { timeThrottled } from "./support/throttled.ts";

/** Whatever else the machine does: `npm run bench -- dashboard` says what it is. */
const MOST_MS = 10_000;

describe("the dashboard on a phone with a mobile network", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-speed-"));
  let worker: LocalWorker;
  let browser: Browser;
  before(async () => {
    [worker, browser] = await Promise.all([startLocalWorker({ persistTo: folder }), startBrowser()]);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  test("takes a token in its first page soon", async (context) => {
    const ms = await timeThrottled(browser, `${worker.url}/dashboard`, async (page) => {
      await page.getByLabel("API key or admin token").fill("typed");
      assert.equal(await page.getByRole("button", { name: "Sign in" }).isEnabled(), true);
    });
    context.diagnostic(`the first page was usable after ${Math.round(ms)} ms`);
    assert.ok(ms < MOST_MS, `${ms} ms`);
  });
});
