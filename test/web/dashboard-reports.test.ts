import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { startBrowser } from "./support/browser.ts";
import { openSignedIn, requireGoodLooks } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp, HOSTILE } from "./support/filled-app.ts";

describe("the dashboard's analytics", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-reports-"));
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

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;
  const open = (path: string) => openSignedIn(browser, addressOf(path), app.apiKey);

  test("what was delivered, of all, of a template and with a tag; as a CSV", async () => {
    // A realtime send, 30 of a batch, 31 of another: the sums of the app, and of a tag.
    const { page, close } = await open("home");
    await page.getByRole("link", { name: "Analytics" }).click();
    const inApp = page.getByRole("region", { name: "Channel type in_app" });
    const delivered = (count: number) =>
      inApp.getByRole("definition").filter({ hasText: new RegExp(`^${count}\\s*$`) });
    const refreshUntil = async (count: number) => {
      // The figures are at most two seconds behind.
      while (!(await delivered(count).first().isVisible())) {
        await page.getByRole("button", { name: "Refresh" }).click();
        await inApp.waitFor();
      }
    };
    await refreshUntil(62);
    const today = new Date().toISOString().slice(0, 10);
    await inApp.getByRole("row", { name: `${today} 62 0 0` }).waitFor();
    await inApp.getByRole("img", { name: "in_app, delivered" }).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download as CSV" }).click(),
    ]);
    const lines = readFileSync(await file.path(), "utf8").split("\n");
    assert.equal(lines[0], "channel_type,time,delivered,viewed,clicked");
    assert.ok(lines.includes(`in_app,${today},62,0,0`), lines.join("\n"));
    await page.getByLabel("Notifications").selectOption("With a tag");
    await page.getByText("Which tag?").waitFor();
    await page.getByRole("textbox", { name: "Tag" }).fill("orders");
    await page.keyboard.press("Enter");
    await refreshUntil(31);
    assert.match(page.url(), /of=tag&key=orders/);
    await page.getByRole("textbox", { name: "Tag" }).fill(HOSTILE);
    await page.keyboard.press("Enter");
    await refreshUntil(31);
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    await page.goto(addressOf("analytics?of=template&key=order-confirmation&granularity=hourly&days=7"));
    await refreshUntil(62);
    await inApp.getByRole("button", { name: "Show all 168 rows of in_app" }).click();
    assert.equal(await inApp.getByRole("row").count(), 169);
    await close();
  });

  test("a range that can't be, and a template that there isn't, are told with what to do", async () => {
    const { page, expect, close } = await open("analytics?days=366&granularity=hourly");
    expect(/400/, /404/);
    await page.getByRole("alert").getByText("Request").waitFor();
    await page.getByLabel("Time").selectOption("7 days");
    await page.getByRole("region", { name: "Channel type in_app" }).waitFor();
    await page.goto(addressOf("analytics?of=template&key=nothing"));
    await page.getByRole("alert").getByText("It was deleted").waitFor();
    await close();
  });

  test("a year without anything says so", async () => {
    const { page, close } = await open("analytics?from=2025-01-01&to=2025-01-31");
    await page.getByText("Nothing happened in this time").waitFor();
    await close();
  });

  test("it is accessible and fits its window in light, in dark and on a phone", async () => {
    await requireGoodLooks(browser, addressOf("analytics"), app.apiKey, "Time (UTC)");
  });
});
