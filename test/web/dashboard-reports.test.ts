import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import { chooseTemplate, openSignedIn, requireGoodLooks } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp, HOSTILE } from "./support/filled-app.ts";

describe("the dashboard's analytics and files", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: FilledApp;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
    app = await fillApp(worker);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;
  const open = (path: string) => openSignedIn(browser, addressOf(path), app.apiKey);

  test("what was delivered, of all, of a template and with a tag; as a CSV", async () => {
    // A realtime send, 30 of a batch, 31 of another: the sums of the app, and of a tag.
    const { page, close } = await open("home");
    await page.getByRole("link", { name: "Analytics" }).click();
    const inApp = page.getByRole("region", { name: "Channel type in-app" });
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
    await inApp.getByRole("img", { name: "in-app, delivered" }).waitFor();
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
    // Six days, and the hours of today so far: what is to come isn't listed as nothing.
    await inApp.getByRole("button", { name: /^Show all 1\d\d rows of in-app/ }).click();
    const hours = (await inApp.getByRole("row").count()) - 1;
    assert.ok(hours > 6 * 24 && hours <= 7 * 24, String(hours));
    const [newest] = await inApp.getByRole("rowheader").allTextContents();
    assert.ok(Date.parse(`${newest}Z`) <= Date.now(), newest);
    await close();
  });

  test("a range that can't be, and a template that there isn't, are told with what to do", async () => {
    const { page, expect, close } = await open("analytics?days=366&granularity=hourly");
    expect(/400/, /404/);
    await page.getByRole("alert").getByText("Request").waitFor();
    await page.getByLabel("Time").selectOption("7 days");
    await page.getByRole("region", { name: "Channel type in-app" }).waitFor();
    await page.goto(addressOf("analytics?of=template&key=nothing"));
    await page.getByRole("alert").getByText("It was deleted").waitFor();
    await close();
  });

  test("a year without anything says so", async () => {
    const { page, close } = await open("analytics?from=2025-01-01&to=2025-01-31");
    await page.getByText("Nothing happened in this time").waitFor();
    await close();
  });

  test("analytics are accessible and fit their window in light, in dark and on a phone", async () => {
    const { page, close } = await open("analytics");
    await requireGoodLooks(page, addressOf("analytics"), "Time (UTC)");
    await close();
  });

  test("a CSV is dropped, uploaded with its progress, listed, sent to, downloaded and deleted", async () => {
    const text = "user_id,customerName,orderId\nann,Ann,1\nbob,Bob,2\nbob,Bob,3\n";
    const { page, expect, close } = await open("files");
    expect(/400/);
    await page.getByText("No file is here").waitFor();
    await page.route("**/presigned-urls", async (route) => {
      await page.getByRole("progressbar").waitFor();
      await route.continue();
    });
    const drop = async (csv: string) => {
      const dataTransfer = await page.evaluateHandle((content) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], "october sale.csv", { type: "text/csv" }));
        return transfer;
      }, csv);
      await page.getByText("Drop a CSV here, or choose one").dispatchEvent("drop", { dataTransfer });
    };
    await drop("user_id,customerName,orderId\n,Ann,1\n");
    const faults = page.getByRole("alert");
    await faults.getByText("Line 2").waitFor();
    await faults.getByRole("button", { name: "Download these rows" }).waitFor();
    await drop(text);
    await page.getByText("october-sale.csv: 2 users, 1 named twice").waitFor();
    const row = page.getByRole("row", { name: /^october-sale\.csv/ });
    await row.getByRole("button", { name: "Show the columns of october-sale.csv" }).click();
    await row.getByText("customerName, orderId").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      row.getByRole("button", { name: "Download october-sale.csv" }).click(),
    ]);
    assert.equal(readFileSync(await file.path(), "utf8"), text);
    await row.getByRole("link", { name: "Send to october-sale.csv" }).click();
    await chooseTemplate(page, "order-confirmation");
    await page.getByRole("button", { name: "Send to 2 users" }).click();
    await page.getByRole("link", { name: "2 delivered 100 %" }).waitFor();
    await page.goto(addressOf("files"));
    await row.getByRole("button", { name: "Delete october-sale.csv …" }).click();
    await row.getByRole("button", { name: "Delete october-sale.csv", exact: true }).click();
    await page.getByText("No file is here").waitFor();
    await close();
  });

  test("a taken name is refused until the file is to be replaced", async () => {
    await app.onecall.files.upload("user_id\nann\n", { key: "taken.csv" });
    const { page, expect, close } = await open("files");
    expect(/409/);
    const choose = () =>
      page.getByLabel("CSV file", { exact: true }).setInputFiles({
        name: "taken.csv",
        mimeType: "text/csv",
        buffer: Buffer.from("user_id\nann\nbob\n"),
      });
    await choose();
    const refusal = page
      .getByRole("alert")
      .filter({ hasText: 'A targets file with the key "taken.csv" exists' });
    await refusal.getByText("Request").waitFor();
    await page.getByLabel("In place of a file of the same name").check();
    await choose();
    await page.getByText("taken.csv: 2 users").waitFor();
    await close();
  });

  test("what a key may not do isn't shown as if it could", async () => {
    const admin = new Onecall({ url: worker.url, adminToken: worker.adminToken });
    const { apiKey } = await admin.admin.createKey(app.id, { name: "reader", scopes: ["read"] });
    await app.onecall.files.upload("user_id\nann\n", { key: "shown.csv" });
    const { page, close } = await openSignedIn(browser, addressOf("files"), apiKey);
    await page.getByRole("button", { name: "Download shown.csv" }).waitFor();
    assert.equal(await page.getByText("Drop a CSV here").count(), 0);
    assert.equal(await page.getByRole("button", { name: /Delete/ }).count(), 0);
    await close();
  });

  test("files are accessible and fit their window in light, in dark and on a phone", async () => {
    await app.onecall.files.upload("user_id\nann\n", { key: "looked-at.csv" });
    const { page, close } = await open("files");
    await requireGoodLooks(page, addressOf("files"), "looked-at.csv");
    await close();
  });
});
