import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { startBrowser, type WatchedPage } from "./support/browser.ts";
import { openSignedIn } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp } from "./support/filled-app.ts";

const ROWS = 100_000;

describe("a Worker that is killed under an open notification's page", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-restart-"));
  let worker: LocalWorker;
  let browser: Browser;
  let app: FilledApp;
  before(async () => {
    [worker, browser] = await Promise.all([startLocalWorker({ persistTo: folder }), startBrowser()]);
    app = await fillApp(worker);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  /** The page of a batch that runs: should one be done before its page is there, of another. */
  async function openRunning(): Promise<WatchedPage> {
    const lines = Array.from({ length: ROWS }, (_, index) => `user-${index},Ann,${index}`);
    await app.onecall.files.upload(`user_id,customerName,orderId\n${lines.join("\n")}\n`, { key: "all.csv" });
    const watched = await openSignedIn(
      browser,
      `${worker.url}/dashboard/${app.id}/notifications`,
      app.apiKey,
    );
    const { page } = watched;
    for (;;) {
      const sent = await app.onecall.notifications.sendFile("order-confirmation", "all.csv");
      await page.goto(`${worker.url}/dashboard/${app.id}/notifications/${sent.notificationId}`);
      const state = page.getByRole("status").filter({ hasText: /^(Being sent|Completed)$/ });
      if ((await state.textContent()) === "Being sent") return watched;
    }
  }

  test("leaves a page that goes on by itself, to counts that are whole", async () => {
    const { page, expect, close } = await openRunning();
    expect(/net::ERR_/, /50[0-9]/);
    await worker.kill();
    const port = Number(new URL(worker.url).port);
    worker = await startLocalWorker({ persistTo: folder, port });
    const channel = page.getByRole("region", { name: "Channel in-app-alerts" });
    await channel.getByRole("link", { name: "100,000 delivered 100 %" }).waitFor({ timeout: 120_000 });
    await page.getByRole("status").filter({ hasText: "Completed" }).waitFor({ state: "attached" });
    assert.equal(await page.getByRole("alert").count(), 0);
    // So does every other page: the session outlives the Worker.
    await page.getByRole("link", { name: "Notifications", exact: true }).click();
    await page.getByRole("link", { name: "Order confirmed" }).waitFor();
    await close();
  });
});
