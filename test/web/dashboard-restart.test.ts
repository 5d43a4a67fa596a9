import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { Onecall } from "../../src/client/index.ts";
import { makeCalls } from "../support/worker/many-calls.ts";
import { startTestWorker } from "../support/worker/start.ts";
import { startBrowser, type WatchedPage } from "./support/browser.ts";
import { openSignedIn } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp } from "./support/filled-app.ts";

const ROWS = 100_000;
const USERS = 10_000;
/** Of so many users one is an editor. */
const EDITOR_OF = 100;
const EDITORS = USERS / EDITOR_OF;

describe("the pages of an app with 10,000 users and a batch of 100,000", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-restart-"));
  let worker: LocalWorker;
  let browser: Browser;
  let app: FilledApp;
  let onecall: Onecall;
  before(async () => {
    const filling = await startTestWorker({ persistTo: folder });
    app = await fillApp(filling);
    await makeUsers(filling.url);
    const lines = Array.from({ length: ROWS }, (_, index) => `user-${index},Ann,${index}`);
    await app.onecall.files.upload(`user_id,customerName,orderId\n${lines.join("\n")}\n`, { key: "all.csv" });
    await filling.stop();
    [worker, browser] = await Promise.all([startLocalWorker({ persistTo: folder }), startBrowser()]);
    onecall = new Onecall({ url: worker.url, apiKey: app.apiKey });
  });
  after(async () => {
    await browser.close();
    await worker.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  /** The batch that was sent last. */
  let sent: string | null = null;

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;

  /** As a service that moves here makes its users: by single calls, many at once. */
  async function makeUsers(url: string): Promise<void> {
    const calls = Array.from({ length: USERS }, (_, index) => ({
      method: "POST",
      path: "/v3/users",
      body: {
        uid: uidOf(index),
        name: `Reader ${index}`,
        role: index % EDITOR_OF === 0 ? "editor" : "default",
      },
    }));
    assert.deepEqual(await makeCalls(url, { appid: app.id, apikey: app.apiKey }, calls), { 200: USERS });
  }

  /** The page of a batch that runs: should it be done before its page is there, of another. */
  async function openRunning(): Promise<WatchedPage> {
    const watched = await openSignedIn(browser, addressOf("notifications"), app.apiKey);
    const { page } = watched;
    for (;;) {
      sent ??= (await onecall.notifications.sendFile("order-confirmation", "all.csv")).notificationId;
      await page.goto(addressOf(`notifications/${sent}`));
      const state = page.getByRole("status").filter({ hasText: /^(Being sent|Completed)$/ });
      if ((await state.textContent()) === "Being sent") return watched;
      sent = null;
    }
  }

  test("list users while the batch runs: counted, searched, and paged to the last", async () => {
    const { page, close } = await openRunning();
    await page.goto(addressOf("users"));
    const rows = page.getByRole("table", { name: "Users" }).getByRole("rowheader");
    // With the one of the app that isn't among them.
    await page
      .getByRole("status")
      .filter({ hasText: `${(USERS + 1).toLocaleString("en-US")} users` })
      .waitFor();
    assert.equal(await rows.count(), 20);
    await page.getByLabel("Id or name begins with").fill("reader-0999");
    await page.keyboard.press("Enter");
    await page
      .getByRole("status")
      .filter({ hasText: /^10 users$/ })
      .waitFor();
    await page.getByRole("link", { name: uidOf(9999) }).waitFor();
    // The page of before stays until the new one is there.
    await page.goto(addressOf("users?role=editor&perPage=50"));
    await page
      .getByRole("status")
      .filter({ hasText: `${EDITORS} users` })
      .waitFor();
    await page.getByRole("link", { name: uidOf(0), exact: true }).waitFor();
    assert.equal(await rows.count(), 50);
    await page.getByRole("link", { name: "Next page" }).click();
    await page.getByRole("link", { name: uidOf(9900), exact: true }).waitFor();
    assert.equal(await rows.count(), 50);
    assert.equal(await page.getByRole("link", { name: "Next page" }).count(), 0);
    await page.getByRole("link", { name: uidOf(9900), exact: true }).click();
    await page.getByRole("heading", { level: 1, name: uidOf(9900) }).waitFor();
    await close();
  });

  test("go on by themselves when the Worker is killed and comes back, to counts that are whole", async () => {
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
    await page.getByRole("link", { name: "Users", exact: true }).click();
    await page
      .getByRole("status")
      .filter({ hasText: `${(USERS + 1).toLocaleString("en-US")} users` })
      .waitFor();
    await close();
  });
});

function uidOf(index: number): string {
  return `reader-${String(index).padStart(5, "0")}`;
}
