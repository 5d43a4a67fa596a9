import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { openPage, startBrowser } from "./support/browser.ts";
import { openSignedIn } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp } from "./support/filled-app.ts";

const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  timezoneId: "Europe/Lisbon",
};
const CLIPBOARD: BrowserContextOptions = { permissions: ["clipboard-read", "clipboard-write"] };

describe("what holds on every page of the dashboard", () => {
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
  const open = (path: string, options: BrowserContextOptions = {}, token = app.apiKey) =>
    openSignedIn(browser, addressOf(path), token, options);
  const makeKey = async (name: string, scopes: ("send" | "read" | "manage")[]) => {
    const { admin } = new Onecall({ url: worker.url, adminToken: worker.adminToken });
    return (await admin.createKey(app.id, { name, scopes })).apiKey;
  };

  test("a token that is wrong is told as such: no session has ended", async () => {
    const { page, expect, close } = await openPage(browser, `${worker.url}/dashboard`);
    expect(/401/);
    await page.getByLabel("API key or admin token").fill("not-a-key");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("Look whether all of it was copied").waitFor();
    assert.equal(await page.getByText("Your session has ended").count(), 0);
    await close();
  });

  test("what a key may not see isn't offered, and its pages say so and ask for nothing", async () => {
    const sender = await open("home", {}, await makeKey("sender", ["send"]));
    const pages = sender.page.getByRole("navigation", { name: "Pages" });
    for (const [path, title] of [
      ["home", "Home"],
      ["send", "Send"],
      ["notifications", "Notifications"],
      ["search?q=mia", "Dashboard"],
    ] as const) {
      await sender.page.goto(addressOf(path));
      await sender.page.getByRole("heading", { level: 1, name: title }).waitFor();
      await sender.page.getByText("Your key may not read").waitFor();
      assert.deepEqual(await pages.getByRole("link").allTextContents(), []);
      assert.deepEqual(await pages.getByRole("heading").allTextContents(), []);
      assert.equal(await sender.page.getByRole("searchbox", { name: "Search" }).count(), 0);
    }
    // A refused call would be a fault of the console.
    await sender.close();
    const reader = await open("audit-log", {}, await makeKey("reader", ["read"]));
    await reader.page.getByText("Your key may not manage").waitFor();
    assert.equal(await reader.page.getByRole("link", { name: "Send", exact: true }).count(), 0);
    await reader.page.goto(addressOf("send"));
    await reader.page.getByText("Your key may not send").waitFor();
    await reader.close();
  });

  test("the zone of times is named on a phone too, and UTC is one step away and stays", async () => {
    const { page, close } = await open("notifications", PHONE);
    await page.getByRole("link", { name: "Order confirmed" }).waitFor();
    const zone = page.getByText("Times in Europe/Lisbon");
    assert.equal(await zone.isVisible(), true);
    await page.getByLabel("Show UTC").check();
    assert.equal(await page.getByText("Times in UTC").isVisible(), true);
    await page.goto(addressOf("users"));
    await page.getByRole("link", { name: "mia-online" }).waitFor();
    assert.equal(await page.getByText("Times in UTC").isVisible(), true);
    await close();
  });

  test("the numbers of a notification in the list add up, and each leads to its rows", async () => {
    const { page, close } = await open("notifications");
    const row = page.getByRole("row", { name: /Order confirmed/ });
    await row.waitFor();
    const titles = await page.getByRole("columnheader").allTextContents();
    const cells = await row.locator("th, td").allTextContents();
    const numberOf = (title: string) => Number((cells[titles.indexOf(title)] ?? "").replaceAll(",", ""));
    // In-app has all 30; nobody has a device for the push.
    assert.equal(numberOf("Deliveries"), 60);
    assert.equal(numberOf("Delivered") + numberOf("Failed") + numberOf("Skipped") + numberOf("Pending"), 60);
    await row.getByRole("link", { name: "30" }).last().click();
    await page.waitForURL(/status=skipped#deliveries$/);
    await page.getByText("The user has no device for this channel").first().waitFor();
    await close();
  });

  test("what can't be undone is asked at the keys: Escape goes back to where one was", async () => {
    const csv = "user_id,customerName,orderId\nann,Ann,1\n";
    await app.onecall.files.upload(csv, { key: "keys.csv" });
    const { page, close } = await open("files");
    const button = page.getByRole("button", { name: "Delete keys.csv …" });
    await button.focus();
    await page.keyboard.press("Enter");
    const keep = page.getByRole("button", { name: "Keep it" });
    await keep.waitFor();
    assert.equal(await isFocused(page, "Keep it"), true);
    await page.keyboard.press("Escape");
    await button.waitFor();
    assert.equal(await isFocused(page, "Delete …"), true);
    assert.equal((await app.onecall.files.get("keys.csv")).rows, 1);
    await close();
  });

  test("calls are copied beside a row's retry, both downloads and the devices", async () => {
    const { page, close } = await open(`notifications/${app.bad}?status=failed`, CLIPBOARD);
    await page.getByRole("button", { name: "Retry for user-without-order" }).first().waitFor();
    const id = app.bad;
    const expected = [
      ["retrying for user-without-order", `notifications.retry("${id}", {"userId":"user-without-order"})`],
      ["retrying all that failed", `notifications.retry("${id}")`],
      ["the failures' download", `notifications.exportDeliveries("${id}", { status: "failed" })`],
      ["the download", `notifications.exportDeliveries("${id}")`],
    ] as const;
    for (const [what, call] of expected) {
      await page.locator("summary").filter({ hasText: what }).first().click();
      assert.ok((await copied(page, what, "Copy as client code")).endsWith(`await onecall.${call};`), what);
    }
    const api = `${worker.url}/v3/business-messaging/api`;
    assert.match(
      await copied(page, "retrying for user-without-order", "Copy as curl"),
      /\/retry'.*-d '\{"userId":"user-without-order"\}'$/s,
    );
    await page.goto(addressOf("users/mia-online"));
    await page.getByRole("heading", { name: "Devices" }).waitFor();
    const curl = await copied(page, "devices", "Copy as curl");
    assert.ok(curl.includes(`'${api}/users/mia-online/devices'`), curl);
    await close();
  });

  test("the call of a send that is copied is the whole send", async () => {
    const { page, close } = await open("send?template=order-confirmation", CLIPBOARD);
    await page.getByLabel(/User ids/).fill("ann\nbob");
    await page.getByLabel("customerName").fill("Ann");
    await page.getByLabel("orderId").fill("A-1");
    await page.getByLabel("Tag (optional)").fill("orders");
    const curl = await copied(page, "the send", "Copy as curl");
    const variables = { customerName: "Ann", orderId: "A-1" };
    assert.deepEqual(JSON.parse(/-d '(.*)'$/s.exec(curl)?.[1] ?? ""), {
      mode: "batch",
      targets: ["ann", "bob"],
      template: { key: "order-confirmation", variables: { ann: variables, bob: variables } },
      priority: "normal",
      tag: "orders",
    });
    const client = await copied(page, "the send", "Copy as client code");
    // It can be run as it is.
    assert.equal(client.includes("…"), false);
    assert.match(
      client,
      /notifications\.sendBatch\("order-confirmation", Object\.fromEntries\(\["ann","bob"\]/,
    );
    await close();
  });

  test("a table on a phone scrolls: it breaks no known word and no number", async () => {
    const { page, close } = await open("audit-log", PHONE);
    for (const [path, text] of [
      ["audit-log", "template.approved"],
      ["users", "offline"],
      ["notifications", "completed"],
    ] as const) {
      await page.goto(addressOf(path));
      const shown = page.getByRole("table").getByText(text, { exact: true }).first();
      await shown.waitFor();
      const box = await shown.boundingBox();
      assert.ok(box !== null && box.height < 30, `${path}: ${text} is ${box?.height} px high`);
    }
    await close();
  });
});

async function copied(page: Page, what: string, button: string): Promise<string> {
  const group = page.getByRole("group", { name: `The call: ${what}`, exact: true }).first();
  await group.getByRole("button", { name: button }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

function isFocused(page: Page, text: string): Promise<boolean> {
  return page.evaluate((wanted) => document.activeElement?.textContent === wanted, text);
}
