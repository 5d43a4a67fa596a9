import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import {
  chooseTemplate,
  openSignedIn,
  requireGoodLooks,
  requireGoodPage,
  serveImages,
} from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp } from "./support/filled-app.ts";
import { SHOE_TEMPLATE } from "./support/shoe-template.ts";

const IMAGE = "https://images.shop.example/shoe.png";

describe("the dashboard's users, and what is sent to them", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: FilledApp;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
    app = await fillApp(worker);
    await app.onecall.templates.create(SHOE_TEMPLATE);
    await app.onecall.templates.approve("shoe");
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;

  /** A page of the app, which gets its images from here. */
  async function open(path: string, options: BrowserContextOptions = {}, token = app.apiKey) {
    const watched = await openSignedIn(browser, addressOf(path), token, options);
    await serveImages(watched.page, new URL(IMAGE).origin);
    return watched;
  }

  const feedOf = (page: Page) => page.getByRole("region", { name: "Feed", exact: true });

  test("a user's page has fields, the feed as the user sees it, and deliveries with reasons", async () => {
    await app.onecall.users.create({ uid: "user-1", name: "Uma", role: "vip", metadata: { plan: "gold" } });
    const { page, close } = await open("users");
    const feedCalls: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/api/feed")) feedCalls.push(`${request.method()} ${request.url()}`);
    });
    page.on("websocket", (socket) => feedCalls.push(`WS ${socket.url()}`));
    await page.getByRole("link", { name: "user-1" }).click();
    await page.getByRole("definition").filter({ hasText: "vip" }).waitFor();
    await page.getByText("Metadata").click();
    await page.getByText('"plan": "gold"').waitFor();
    await feedOf(page).getByText("Order ORD-1 is on its way.").first().waitFor();
    const deliveries = page.getByRole("region", { name: "Deliveries" }).first();
    await deliveries.getByText("The user has no device for this channel").first().waitFor();
    await feedOf(page)
      .getByRole("button", { name: /Thanks, Bob/ })
      .first()
      .click();
    await feedOf(page).getByRole("feed").press("ArrowDown");
    assert.equal(feedCalls.length > 0, true);
    assert.deepEqual(
      feedCalls.filter((call) => !/^GET .*\/feed(\?|\/unread-count|$)/.test(call)),
      [],
    );
    assert.equal((await app.onecall.notifications.get(app.good)).counts["in-app-alerts"]?.viewed, 0);
    const { status } = await app.onecall.users.get("user-1");
    assert.equal(status, "offline");
    assert.equal(await page.content().then((html) => html.includes("eyJ")), false);
    await close();
  });

  test("a notification is filled in, looked at, sent in place, and seen to arrive", async () => {
    const { page, close } = await open("users/mia-online");
    await feedOf(page).getByText("Nothing here yet").waitFor();
    await page.getByRole("button", { name: "Send notification" }).click();
    const form = page.getByRole("region", { name: "Send notification" });
    await chooseTemplate(form, "shoe");
    await form.getByLabel("name", { exact: true }).fill("The red one");
    await form.getByLabel("photo.url (optional)").fill(IMAGE);
    await form.getByLabel("photo.width (optional)").fill("640");
    await form.getByLabel("photo.height (optional)").fill("480");
    await form.getByLabel("link.type (optional)").selectOption("web: opens a link");
    await form.getByLabel("link.data (optional)").fill("https://shop.example/red");
    await form.getByRole("img", { name: `Loaded from ${IMAGE}` }).waitFor();
    await form.getByRole("button", { name: "Show what a user gets" }).click();
    const inApp = form.getByRole("region", { name: "Preview of in-app-alerts" });
    await inApp.getByText("The red one is here").waitFor();
    await inApp.getByRole("img", { name: `Loaded from ${IMAGE}` }).waitFor();
    const push = form.getByRole("region", { name: "Preview of mobile-push" });
    await push.getByRole("figure", { name: "iOS lock screen" }).getByText("Now in the shop").waitFor();
    await requireGoodPage(page, "a user that is sent to");
    await form.getByRole("button", { name: "Send to mia-online" }).click();
    await page.getByText("It is in the feed.").waitFor();
    await feedOf(page).getByText("The red one is here").waitFor();
    await page.getByRole("link", { name: "Shoe of the day" }).first().waitFor();
    // Sent, so nothing is lost with it.
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
    await close();
  });

  test("what lacks a value is told where it is, and nothing is sent", async () => {
    const { page, expect, close } = await open("users/leo");
    expect(/400/, /404/);
    await page.getByRole("button", { name: "Send notification" }).click();
    await chooseTemplate(page, "shoe");
    await page.getByRole("button", { name: "Send to leo" }).click();
    await page.getByRole("alert").getByText("name").first().waitFor();
    await page.getByText("Nothing was sent to this user yet").waitFor();
    await close();
  });

  test("of a deactivated user the page says why there is no feed to see", async () => {
    await app.onecall.users.create({ uid: "gone-for-now" });
    const body = JSON.stringify({ uidsToDeactivate: ["gone-for-now"] });
    const headers = { apikey: app.apiKey, appid: app.id, "content-type": "application/json" };
    const done = await fetch(`${worker.url}/v3/users`, { method: "DELETE", headers, body });
    assert.equal(done.status, 200);
    const { page, expect, close } = await open("users/gone-for-now");
    expect(/409/);
    await feedOf(page).getByText("is deactivated").waitFor();
    await close();
  });

  test("a key that may only read sees the feed, and no way to send", async () => {
    const admin = { authorization: `Bearer ${worker.adminToken}`, "content-type": "application/json" };
    const body = JSON.stringify({ name: "reader", scopes: ["read"] });
    const made = await fetch(`${worker.url}/admin/apps/${app.id}/keys`, {
      method: "POST",
      headers: admin,
      body,
    });
    const { apiKey } = (await made.json()) as { apiKey: string };
    const { page, expect, close } = await open("users/user-2", {}, apiKey);
    expect(/404/);
    await page.getByText("There is no record of this user, and a send needs none.").waitFor();
    await feedOf(page).getByText("Order ORD-2 is on its way.").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Send notification" }).count(), 0);
    await close();
  });

  test("users are picked by search, removed, and sent to beside pasted ids", async () => {
    await app.onecall.users.create({ uid: "olga", name: "Olga" });
    await app.onecall.users.create({ uid: "oleg", name: "Oleg" });
    const { page, close } = await open("send?template=order-confirmation");
    await page.getByLabel("Find users whose id or name begins with").fill("ol");
    await page.getByRole("button", { name: "Add olga" }).click();
    await page.getByRole("button", { name: "Add oleg" }).click();
    await page.getByRole("button", { name: "Send to 2 users" }).waitFor();
    await page.getByRole("button", { name: "Remove oleg" }).click();
    await page.getByRole("button", { name: "Send to 1 user", exact: true }).waitFor();
    await page.getByLabel(/User ids/).fill("olga, pasted-1");
    await page.getByLabel("customerName").fill("Olga");
    await page.getByLabel("orderId").fill("O-1");
    await requireGoodPage(page, "picked users");
    await page.getByLabel("Find users whose id or name begins with").press("Enter");
    await page.getByRole("button", { name: "Send to 2 users" }).click();
    await page.getByRole("link", { name: "2 delivered 100 %" }).waitFor();
    await page.getByRole("link", { name: "olga" }).first().waitFor();
    await close();
  });

  test("what the user of any row of a CSV gets is shown, of a new file and of one from before", async () => {
    const csv = 'user_id;name;photo.url;photo.width;photo.height\nann;Clog;;;\nbob;"Boot; brown";';
    const { page, close } = await open("send?template=shoe");
    await page.getByLabel("A CSV file").check();
    const buffer = Buffer.from(`${csv}${IMAGE};10;10\n`);
    await page
      .getByLabel("CSV file", { exact: true })
      .setInputFiles({ name: "shoes.csv", mimeType: "text/csv", buffer });
    await page.getByText("2 users, 0 named twice").waitFor();
    const preview = page.getByRole("region", { name: "Preview", exact: true });
    await preview.getByRole("button", { name: "Show what its user gets" }).click();
    await preview.getByText("Row 1: ann").waitFor();
    await preview.getByText("Clog is here").waitFor();
    await preview.getByLabel("Row of the file").fill("2");
    await preview.getByRole("button", { name: "Show what its user gets" }).click();
    await preview.getByText("Row 2: bob").waitFor();
    await preview.getByText("Boot; brown is here").waitFor();
    await preview.getByRole("img", { name: `Loaded from ${IMAGE}` }).waitFor();
    await app.onecall.files.upload("user_id,name\nzoe,Sandal\n", { key: "before.csv" });
    page.once("dialog", (dialog) => dialog.accept());
    await page.goto(addressOf("send?template=shoe&file=before.csv"));
    await preview.getByRole("button", { name: "Show what its user gets" }).click();
    await preview.getByText("Row 1: zoe").waitFor();
    await preview.getByText("Sandal is here").waitFor();
    await close();
  });

  test("an image that isn't https, or isn't there, is named and breaks nothing", async () => {
    const { page, expect, close } = await open("send?template=shoe");
    expect(/ERR_FAILED/);
    await page.getByLabel("photo.url (optional)").fill("http://images.shop.example/shoe.png");
    await page.getByText("which is shown here over https only").waitFor();
    await page.route("https://gone.example/**", (route) => route.abort());
    await page.getByLabel("photo.url (optional)").fill("https://gone.example/x.png");
    await page.getByText("which can't be loaded").waitFor();
    page.once("dialog", (dialog) => dialog.accept());
    await close();
  });

  test("the user's page and Send are accessible and fit their window in light, in dark and on a phone", async () => {
    const { page, close } = await open("users/user-1");
    await requireGoodLooks(page, addressOf("users/user-1"), "Order ORD-1 is on its way.");
    await requireGoodLooks(page, addressOf("send?template=shoe"), "Show what a user gets");
    await close();
  });

  /** What the browser asked, and how it was answered. */
  function answering(page: Page, answer: "accept" | "dismiss"): Promise<string> {
    // It throws where nothing is asked: a test that waited for ever would hold up all others.
    return page.waitForEvent("dialog").then(async (dialog) => {
      await dialog[answer]();
      return `${dialog.type()}: ${dialog.message()}`;
    });
  }

  /** What was written is drawn: from then on the page knows of it. */
  async function fillIn(page: Page, field: Locator, text: string): Promise<void> {
    await field.fill(text);
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
  }

  test("what is written isn't lost by a link, the browser's back, a reload or another template", async () => {
    const { page, close } = await open("users");
    await page.getByRole("link", { name: "Send", exact: true }).first().click();
    await chooseTemplate(page, "shoe");
    const name = page.getByLabel("name", { exact: true });
    await fillIn(page, name, "Half written");
    for (const leave of [
      () => page.getByRole("link", { name: "Notifications" }).click(),
      () => page.evaluate(() => history.back()),
      () => chooseTemplate(page, "order-confirmation"),
    ]) {
      const asked = answering(page, "dismiss");
      await leave();
      assert.match(await asked, /^confirm: What you wrote on this page isn't saved/);
      assert.equal(await name.inputValue(), "Half written");
      assert.equal(page.url(), addressOf("send?template=shoe"));
    }
    const reload = answering(page, "dismiss");
    await page.evaluate(() => location.reload());
    assert.match(await reload, /^beforeunload/);
    assert.equal(await name.inputValue(), "Half written");
    const left = answering(page, "accept");
    await page.getByRole("link", { name: "Notifications" }).click();
    await left;
    await page.getByRole("heading", { level: 1, name: "Notifications" }).waitFor();
    // There is nothing to lose any more.
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
    await close();
  });

  test("nor what is written in a template or an endpoint; what is saved asks nothing", async () => {
    const { page, close } = await open("templates/shoe");
    await fillIn(page, page.getByLabel("Category (optional)"), "shoes");
    const template = answering(page, "dismiss");
    await page.getByRole("link", { name: "Users" }).click();
    await template;
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Nothing is changed.").waitFor();
    await page.getByRole("link", { name: "Webhooks" }).click();
    const address = page.getByLabel("URL", { exact: true });
    await fillIn(page, address, "https://hooks.shop.example/x");
    const endpoint = answering(page, "dismiss");
    await page.getByRole("link", { name: "Users" }).click();
    await endpoint;
    await fillIn(page, address, "");
    await page.getByRole("link", { name: "Users" }).click();
    await page.getByRole("heading", { level: 1, name: "Users" }).waitFor();
    await close();
  });
});
