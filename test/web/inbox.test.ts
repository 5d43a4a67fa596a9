import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openTab } from "./support/browser.ts";
import { bellOf, expectBadge, InboxSite, toldOf } from "./support/inbox-pages.ts";

let site: InboxSite;
before(async () => {
  site = await InboxSite.start();
});
after(() => site.stop());

describe("the badge", () => {
  test("is the server's number: as items arrive, are looked at for a second, and are all marked", async () => {
    const id = await site.app.send("ann", "First");
    const watched = await site.open("ann");
    const { page } = watched;
    await expectBadge(page, "1");
    await site.app.send("ann", "Second");
    await expectBadge(page, "2");
    assert.equal(await bellOf(page).getAttribute("aria-label"), "Notifications, 2 unread");
    await bellOf(page).click();
    await page.getByRole("button", { name: "Second" }).waitFor();
    await expectBadge(page, "");
    // Both were seen in one call, and each is counted.
    assert.equal((await toldOf(page, "view")).length, 1);
    await page.keyboard.press("Escape");
    // More than the panel shows at once.
    await site.app.sendMany("ann", 20);
    await expectBadge(page, "20");
    await bellOf(page).click();
    await page.getByRole("button", { name: "Mark all as read" }).click();
    await expectBadge(page, "");
    await site.app.untilViewed(id);
    await watched.close();
  });

  test("and the dots follow what another tab does", async () => {
    await site.app.send("bea", "One");
    await site.app.send("bea", "Two");
    const watched = await site.open("bea", { element: "onecall-feed", filter: "all", "read-only": "" });
    const inbox = await site.open("bea");
    const tab = await openTab(inbox, site.urlOf({ token: await site.app.tokenFor("bea") }));
    await expectBadge(inbox.page, "2");
    await bellOf(tab.page).click();
    await expectBadge(inbox.page, "");
    // A list that was loaded before shows it too.
    await bellOf(inbox.page).click();
    await inbox.page.locator("onecall-inbox .item").first().waitFor();
    assert.equal(await inbox.page.locator("onecall-inbox .dot").count(), 0);
    for (const one of [tab, inbox, watched]) await one.close();
  });

  test("says 99+ from a hundred on", async () => {
    await site.app.sendMany("cat", 101);
    const watched = await site.open("cat");
    await expectBadge(watched.page, "99+");
    await watched.close();
  });
});

describe("the list", () => {
  test("is filtered by unread and by tag", async () => {
    await site.app.send("dan", "Shipped", { tag: "orders" });
    await site.app.send("dan", "Sale", { tag: "news" });
    const watched = await site.open("dan", { element: "onecall-feed", tags: "orders,news", heading: "" });
    const { page } = watched;
    const titles = page.locator("onecall-feed .main");
    await page.getByRole("button", { name: "news", exact: true }).click();
    await page.getByRole("button", { name: "Shipped" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Sale" }).waitFor();
    assert.deepEqual(await titles.allTextContents(), ["Sale"]);
    await page.getByRole("button", { name: "news", exact: true }).click();
    await page.getByRole("button", { name: "Shipped" }).waitFor();
    await page.getByRole("button", { name: "Mark all as read" }).click();
    await page.getByRole("button", { name: "Mark all as read" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Unread", exact: true }).click();
    await page.getByText("You're all caught up").waitFor();
    await site.app.send("dan", "Delivered", { tag: "orders" });
    await page.getByRole("button", { name: "Delivered" }).waitFor();
    assert.deepEqual(await titles.allTextContents(), ["Delivered"]);
    await watched.close();
  });

  test("brings in older pages as it is scrolled, and draws what is near alone", async () => {
    await site.app.sendMany("eve", 150);
    const watched = await site.open("eve", {}, { viewport: { width: 900, height: 700 } });
    const { page } = watched;
    await bellOf(page).click();
    const list = page.locator("onecall-inbox .list");
    await page.locator("onecall-inbox .item").first().waitFor();
    const end = page.getByText("No older notifications");
    while ((await end.count()) === 0)
      await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    const [first, drawn] = await page.evaluate(() => {
      const inbox = document.querySelector("onecall-inbox");
      const items = Reflect.get(inbox ?? {}, "items");
      return [
        Array.isArray(items) ? items.length : 0,
        inbox?.shadowRoot?.querySelectorAll(".item").length ?? 0,
      ];
    });
    assert.equal(first, 150);
    assert.ok(drawn < 120, `${drawn} of 150 items are drawn`);
    await watched.close();
  });

  test("says where there is nothing, and that it couldn't be loaded, and tries again", async () => {
    const watched = await site.open("fay");
    const { page } = watched;
    watched.expect(/status of 503/, /answer: 503/);
    await page.route("**/feed?*", (route) =>
      route.fulfill({
        status: 503,
        json: { error: { code: "ERR_X" } },
        headers: { "access-control-allow-origin": "*" },
      }),
    );
    await bellOf(page).click();
    await page.getByText("Notifications couldn't be loaded.").waitFor();
    await page.unroute("**/feed?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Nothing here yet").waitFor();
    await watched.close();
  });

  test("in read-only mode nothing is marked, and its user isn't online", async () => {
    const id = await site.app.send("gus", "Look");
    const watched = await site.open("gus", { element: "onecall-feed", "read-only": "" });
    const { page } = watched;
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.getByRole("button", { name: "Look" }).click();
    assert.equal((await toldOf(page, "action")).length, 1);
    // Whatever was told of it would have been counted by the time that another view of the same user is.
    const other = await site.app.send("gus", "Counted");
    await site.app.markViewed("gus", other);
    await site.app.untilViewed(other);
    assert.equal((await site.app.countsOf(id)).viewed, 0);
    assert.deepEqual(sockets, []);
    await watched.close();
  });
});

describe("what the page says", () => {
  test("is by the language of the page, with texts of its own", async () => {
    await site.app.send("hal", "Hallo");
    const watched = await site.open("hal", { locale: "de-AT" });
    const { page } = watched;
    await page.getByRole("button", { name: "Benachrichtigungen, 1 ungelesen" }).click();
    await page.getByText("Heute").waitFor();
    await page
      .locator("onecall-inbox")
      .evaluate((inbox) => Reflect.set(inbox, "texts", { notifications: "Post" }));
    await page.getByRole("heading", { name: "Post" }).waitFor();
    await watched.close();
  });

  test("by its methods and events it opens, closes and reads again", async () => {
    const watched = await site.open("ida");
    const { page } = watched;
    const inbox = page.locator("onecall-inbox");
    const panel = page.getByRole("dialog", { name: "Notifications" });
    await inbox.evaluate((element) => Reflect.get(element, "show").call(element));
    await panel.waitFor();
    await inbox.evaluate((element) => Reflect.get(element, "hide").call(element));
    await panel.waitFor({ state: "hidden" });
    assert.deepEqual(
      await page.evaluate(() => told.map(({ type }) => type).filter((type) => /open|close/.test(type))),
      ["open", "close"],
    );
    await watched.close();
  });
});
