import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import type { OnecallFeed, OnecallInbox } from "../../src/inbox/index.ts";
import { bellOf, expectBadge, InboxSite, toldOf } from "./support/inbox-pages.ts";

/** What a page says to the element, and hears from it: attributes, properties, methods, events. */

let site: InboxSite;
before(async () => {
  site = await InboxSite.start();
});
after(() => site.stop());

const FEED = { element: "onecall-feed", "read-only": "" };

const titlesIn = (page: Page): Promise<string[]> => page.locator("onecall-feed .main").allTextContents();

describe("the attribute", () => {
  test("theme is the page's scheme, unless it says another", async () => {
    await site.app.send("ann", "Hello");
    const schemes: Record<string, string | undefined> = {
      light: "light",
      dark: "dark",
      system: "light dark",
    };
    const watched = await site.open("ann", FEED, { colorScheme: "dark" });
    const { page } = watched;
    const feed = page.locator("onecall-feed");
    await feed.locator(".item").waitFor();
    const background = () =>
      feed.locator(".feed").evaluate((element) => getComputedStyle(element).backgroundColor);
    const dark = await background();
    for (const [theme, scheme] of Object.entries(schemes)) {
      await feed.evaluate((element, value) => element.setAttribute("theme", value), theme);
      assert.equal(await feed.evaluate((element) => getComputedStyle(element).colorScheme), scheme);
      if (theme === "light") assert.notEqual(await background(), dark);
      else assert.equal(await background(), dark);
    }
    await watched.close();
  });

  test("tag and filter say what is in the list, at first and when they change", async () => {
    await site.app.send("bea", "Sale", { tag: "news" });
    await site.app.markViewed("bea", await site.app.send("bea", "Old sale", { tag: "news" }));
    await site.app.send("bea", "Shipped", { tag: "orders" });
    const watched = await site.open("bea", { ...FEED, tag: "news", filter: "unread" });
    const { page } = watched;
    const feed = page.locator("onecall-feed");
    await page.getByRole("button", { name: "Sale", exact: true }).waitFor();
    assert.deepEqual(await titlesIn(page), ["Sale"]);
    await feed.evaluate((element) => element.removeAttribute("filter"));
    await page.getByRole("button", { name: "Old sale" }).waitFor();
    await feed.evaluate((element) => element.setAttribute("tag", "orders"));
    await page.getByRole("button", { name: "Shipped" }).waitFor();
    assert.deepEqual(await titlesIn(page), ["Shipped"]);
    await watched.close();
  });

  test("target says where links open", async () => {
    await site.app.sendContent("cat", { title: "Report", action: "https://example.com/report" });
    const watched = await site.open("cat", { ...FEED, target: "_blank" });
    const link = watched.page.getByRole("link", { name: "Report" });
    assert.equal(await link.getAttribute("target"), "_blank");
    assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
    await watched.close();
  });

  test("token is whose list it is: another one's is another list", async () => {
    await site.app.send("dan", "For Dan");
    await site.app.send("eve", "For Eve");
    const watched = await site.open("dan", FEED);
    const { page } = watched;
    await page.getByRole("button", { name: "For Dan" }).waitFor();
    const token = await site.app.tokenFor("eve");
    await page.locator("onecall-feed").evaluate((feed, value) => feed.setAttribute("token", value), token);
    await page.getByRole("button", { name: "For Eve" }).waitFor();
    assert.deepEqual(await titlesIn(page), ["For Eve"]);
    await watched.close();
  });

  test("what is drawn while the panel opens doesn't close it again", async () => {
    const watched = await site.open("xia");
    const { page } = watched;
    await bellOf(page).waitFor();
    // Nothing points at the bell before: the list is begun, and so drawn, by the click itself.
    await bellOf(page).evaluate((bell) => bell instanceof HTMLElement && bell.click());
    await page.waitForFunction(() => told.some(({ type }) => type === "open" || type === "close"));
    assert.deepEqual(await toldOf(page, "open"), [{}]);
    await page.locator("onecall-inbox[open]").waitFor();
    await page.getByRole("dialog").getByText("Nothing here yet").waitFor();
    await watched.close();
  });

  test("open is the panel's, from the first on", async () => {
    const watched = await site.open("fay", { open: "" });
    const { page } = watched;
    const inbox = page.locator("onecall-inbox");
    await page.getByText("Nothing here yet").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("onecall-inbox:not([open])").waitFor();
    await inbox.evaluate((element: OnecallInbox) => {
      element.open = true;
    });
    await page.getByRole("dialog").waitFor();
    await watched.close();
  });
});

describe("by its methods", () => {
  test("an item is marked, and all are, which the page hears of", async () => {
    for (const title of ["One", "Two", "Three"]) await site.app.send("gus", title);
    const watched = await site.open("gus");
    const { page } = watched;
    const inbox = page.locator("onecall-inbox");
    await expectBadge(page, "3");
    await bellOf(page).hover();
    await inbox.locator(".item").first().waitFor({ state: "attached" });
    const known = await inbox.evaluate((element: OnecallInbox) => {
      for (const item of element.items.slice(0, 1)) element.markViewed(item);
      return { count: element.unreadCount, items: element.items.length, isReadOnly: element.isReadOnly };
    });
    assert.deepEqual(known, { count: 3, items: 3, isReadOnly: false });
    await expectBadge(page, "2");
    await inbox.evaluate((element: OnecallInbox) => element.markAllViewed());
    await expectBadge(page, "");
    const views = await toldOf(page, "view");
    assert.deepEqual(
      views.map(({ items }) => (Array.isArray(items) ? items.length : 0)),
      [1, 2],
    );
    assert.deepEqual(
      (await toldOf(page, "unread")).map(({ count }) => count),
      [3, 2, 0],
    );
    await watched.close();
  });

  test("it is read again, and opens and closes", async () => {
    await site.app.send("hal", "First");
    const watched = await site.open("hal", FEED);
    const { page } = watched;
    const feed = page.locator("onecall-feed");
    await page.getByRole("button", { name: "First" }).waitFor();
    // Without a socket nothing comes by itself.
    await site.app.send("hal", "Second");
    await feed.evaluate((element: OnecallFeed) => element.refresh());
    await page.getByRole("button", { name: "Second" }).waitFor();
    await watched.close();
    const other = await site.open("hal");
    const inbox = other.page.locator("onecall-inbox");
    await inbox.evaluate((element: OnecallInbox) => element.toggle());
    await other.page.getByRole("dialog").waitFor();
    await inbox.evaluate((element: OnecallInbox) => element.toggle());
    await other.page.getByRole("dialog").waitFor({ state: "hidden" });
    await other.close();
  });
});

test("the page hears of an item that arrives, and of the badge", async () => {
  const watched = await site.open("ida");
  const { page } = watched;
  await page.waitForFunction(() => told.some(({ type }) => type === "unread"));
  await site.app.send("ida", "Arrived");
  await expectBadge(page, "1");
  const [{ item } = { item: null }] = await toldOf(page, "item");
  assert.deepEqual(Reflect.get(Object(item), "content"), { title: "Arrived", body: "About Arrived" });
  assert.deepEqual(
    (await toldOf(page, "unread")).map(({ count }) => count),
    [0, 1],
  );
  await watched.close();
});

describe("what goes wrong on its way", () => {
  test("is a view: it is told of again, without anybody's doing", async () => {
    const id = await site.app.send("jan", "Seen");
    const watched = await site.open("jan", { element: "onecall-feed" });
    watched.expect(/status of 503/, /answer: 503/);
    const { page } = watched;
    let tries = 0;
    await page.route("**/feed/viewed", async (route) => {
      if (route.request().method() !== "POST" || tries++ > 0) return route.fallback();
      const headers = { "access-control-allow-origin": "*" };
      return route.fulfill({ status: 503, headers, json: { error: { code: "ERR_UNAVAILABLE" } } });
    });
    await page.getByRole("button", { name: "Seen" }).waitFor();
    await site.app.untilViewed(id);
    assert.ok(tries >= 2);
    await watched.close();
  });

  test("is an older page that comes late: between it and what is newer there is no gap", async () => {
    await site.app.sendMany("kim", 60);
    const watched = await site.open("kim", FEED, { viewport: { width: 700, height: 500 } });
    const { page } = watched;
    const feed = page.locator("onecall-feed");
    const ids = () =>
      feed.evaluate((element: OnecallFeed) => element.items.map((item) => item.notificationId));
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isFirst = true;
    const late = new Promise<void>((resolve) => {
      void page.route("**/feed?*cursor*", async (route) => {
        const isLate = isFirst;
        isFirst = false;
        const response = await route.fetch();
        if (isLate) {
          resolve();
          await released;
        }
        await route.fulfill({ response });
      });
    });
    await feed.locator(".item").first().waitFor();
    const [newest] = await ids();
    const scrollDown = () => page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await scrollDown();
    await late;
    await site.app.sendMany("kim", 30);
    await feed.evaluate((element: OnecallFeed) => element.refresh());
    while ((await ids())[0] === newest) {}
    release();
    while ((await page.getByText("No older notifications").count()) === 0) await scrollDown();
    const shown = await ids();
    assert.equal(shown.length, 90);
    assert.deepEqual(shown, shown.toSorted().toReversed());
    await watched.close();
  });
});
