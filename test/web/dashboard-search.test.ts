import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { findAxeFaults } from "./support/axe.ts";
import { startBrowser } from "./support/browser.ts";
import { chooseTemplate, openSignedIn, requireGoodLooks } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp, HOSTILE } from "./support/filled-app.ts";

describe("the dashboard's search and its picker of templates", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: FilledApp;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
    app = await fillApp(worker);
    for (let index = 0; index < 25; index++) {
      await app.onecall.templates.create({
        ...{
          name: `Sale ${index}`,
          key: `sale-${index}`,
          channelKeys: ["in-app-alerts"],
          variableSchema: {},
        },
        content: { "in-app-alerts": { title: "Sale", body: "It is on." } },
      });
    }
    await app.onecall.users.create({ uid: "orders", name: "Orders" });
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;
  const open = (path: string) => openSignedIn(browser, addressOf(path), app.apiKey);

  async function searchFor(page: Page, text: string): Promise<void> {
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.keyboard.press("/");
    await page.getByRole("searchbox", { name: "Search" }).fill(text);
    await page.keyboard.press("Enter");
  }

  test("finds users, notifications by tag and templates, by the keyboard alone", async () => {
    const { page, close } = await open("home");
    await searchFor(page, "orders");
    await page.getByRole("heading", { level: 1, name: "Search: orders" }).waitFor();
    assert.match(page.url(), /\/search\?q=orders$/);
    await page
      .getByRole("region", { name: "Users" })
      .getByRole("link", { name: "orders", exact: true })
      .waitFor();
    const notifications = page.getByRole("region", { name: "Notifications" });
    await notifications.getByRole("link", { name: "Order confirmed" }).waitFor();
    await notifications.getByRole("link", { name: /^All notifications/ }).click();
    await page.waitForURL(/notifications\?tag=orders/);
    await page.goto(addressOf("home"));
    await searchFor(page, "sale-2");
    const templates = page.getByRole("region", { name: "Templates" });
    await templates.getByRole("link", { name: "Sale 24" }).waitFor();
    // Five of six: the rest is behind the link to all.
    assert.equal(await templates.getByRole("listitem").count(), 5);
    await templates.getByRole("link", { name: /^All templates/ }).click();
    await page.getByRole("link", { name: "Sale 2", exact: true }).waitFor();
    await close();
  });

  test("opens the notification whose id it is, and says what can be found where nothing is", async () => {
    const { page, expect, close } = await open("home");
    await searchFor(page, app.good.toUpperCase());
    await page.getByRole("heading", { level: 1, name: "Order confirmed" }).waitFor();
    await searchFor(page, "nothing-is-called-so");
    await page.getByText("Nothing is called so").waitFor();
    await page.getByText("Users by the beginning of their id or name").waitFor();
    expect(/404/);
    await searchFor(page, "01a1fd76-d57a-7012-aa0a-7d2df0e14cc2");
    await page.getByRole("heading", { name: "Search: 01a1fd76-d57a-7012-aa0a-7d2df0e14cc2" }).waitFor();
    await page.getByText("Nothing is called so").waitFor();
    await close();
  });

  test("shows what is hostile as text", async () => {
    const { page, close } = await open(`search?q=${encodeURIComponent(HOSTILE)}`);
    await page.getByRole("heading", { level: 1, name: `Search: ${HOSTILE}` }).waitFor();
    await page.getByRole("region", { name: "Notifications" }).getByRole("link", { name: HOSTILE }).waitFor();
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    await close();
  });

  test("a template is picked by the keyboard or the mouse, of those that are found as one types", async () => {
    const { page, close } = await open("analytics");
    await page.getByLabel("Notifications").selectOption("Of a template");
    const picker = page.getByRole("combobox", { name: "Template" });
    await picker.click();
    await page.getByText("The newest 20: type on for others.").waitFor();
    assert.equal(await page.getByRole("option", { name: /Sale/ }).count(), 20);
    await picker.fill("order");
    await page.getByText("1 found").waitFor();
    await page.getByRole("option", { name: /Order confirmation/ }).click();
    await page.waitForURL(/of=template&key=order-confirmation/);
    await page.getByRole("region", { name: "Channel type in-app" }).waitFor();
    await picker.fill("sale-1");
    await page.getByText("11 found").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/key=sale-18/);
    assert.equal(await picker.inputValue(), "sale-18");
    await picker.fill("nothing");
    await page.getByText("No template begins so.").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await picker.inputValue(), "sale-18");
    await close();
  });

  test("Send finds any template that is approved, however many there are, and offers no other", async () => {
    // The oldest: it isn't among the newest that are offered unasked.
    for (let index = 0; index < 21; index++) {
      await app.onecall.templates.update(`sale-${index}`, { status: "approved" });
    }
    const { page, close } = await open("send");
    const picker = page.getByRole("combobox", { name: "Template" });
    await picker.click();
    await page.getByText("The newest 20: type on for others.").waitFor();
    assert.equal(await page.getByRole("option", { name: /sale-2[1-4]|order/ }).count(), 0);
    await picker.fill("sale-24");
    await page.getByText("No template begins so.").waitFor();
    await chooseTemplate(page, "order-confirmation");
    await page.waitForURL(/send\?template=order-confirmation/);
    await page.getByRole("button", { name: "Send: nobody is chosen yet" }).waitFor();
    await requireGoodLooks(page, page.url(), "To whom");
    await close();
  });

  test("both are accessible and fit their window in light, in dark and on a phone", async () => {
    const { page, close } = await open("home");
    await requireGoodLooks(page, addressOf("search?q=orders"), "Order confirmed");
    await requireGoodLooks(page, addressOf("search"), "What can be found");
    await requireGoodLooks(page, addressOf("analytics?of=template&key=order-confirmation"), "Time (UTC)");
    await page.getByRole("combobox", { name: "Template" }).click();
    await page.getByText("The newest 20: type on for others.").waitFor();
    assert.deepEqual(await findAxeFaults(page), []);
    await close();
  });
});
