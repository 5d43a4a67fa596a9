import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { bellOf, InboxSite, toldOf } from "./support/inbox-pages.ts";

/** What the inbox does as time goes by: the page's clock is the tests'. */

let site: InboxSite;
before(async () => {
  site = await InboxSite.start();
});
after(() => site.stop());

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A zone in which it is about noon now: no test goes over midnight by itself. */
function noonZone(): string {
  const hours = 12 - new Date().getUTCHours();
  // Their signs are the other way round.
  return hours < 0 ? `Etc/GMT+${-hours}` : `Etc/GMT-${hours}`;
}

/** A page whose clock goes on only as the test says. */
async function openStopped(
  userId: string,
  attributes: Record<string, string>,
  options: BrowserContextOptions = {},
) {
  const watched = await site.open(userId, attributes, { timezoneId: noonZone(), ...options });
  const { clock } = watched.page;
  await clock.install();
  await clock.pauseAt(Date.now() + MINUTE_MS);
  await watched.page.reload();
  return watched;
}

test("times tell how long ago an item came, and go on by themselves", async () => {
  await site.app.send("ann", "Shipped");
  const watched = await openStopped("ann", { element: "onecall-feed", "read-only": "" });
  const { page } = watched;
  const item = page.getByRole("article", { name: "Shipped" });
  await item.getByText(/^[12] min\. ago$/).waitFor();
  await page.getByText("Today", { exact: true }).waitFor();
  await page.clock.fastForward(5 * MINUTE_MS);
  await item.getByText(/^[67] min\. ago$/).waitFor();
  await page.clock.fastForward(2 * HOUR_MS);
  await item.getByText("2 hr. ago").waitFor();
  await page.clock.fastForward(DAY_MS);
  await page.getByText("Yesterday", { exact: true }).waitFor();
  await item.getByText(/^\d+:\d\d [AP]M$/).waitFor();
  await watched.close();
});

test("items stand below the name of their day", async () => {
  const ages = [0, 0, 1, 3, 40, 400];
  await site.app.sendMany("bea", ages.length);
  const watched = await site.open(
    "bea",
    { element: "onecall-feed", "read-only": "" },
    {
      timezoneId: noonZone(),
    },
  );
  const { page } = watched;
  await page.route("**/feed?*", async (route) => {
    const response = await route.fetch();
    const feed: { data: { createdAt: string }[] } = await response.json();
    for (const [index, item] of feed.data.entries()) {
      item.createdAt = new Date(Date.parse(item.createdAt) - (ages[index] ?? 0) * DAY_MS).toISOString();
    }
    await route.fulfill({ response, json: feed });
  });
  await page.reload();
  await page.locator("onecall-feed .item").last().waitFor();
  const rows = await page
    .locator("onecall-feed :is(.day, .item)")
    .evaluateAll((elements) =>
      elements.map((element) => (element.matches(".day") ? element.textContent : "item")),
    );
  const dayOf = (age: number, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en", { timeZone: noonZone(), ...options }).format(Date.now() - age * DAY_MS);
  const year = (age: number) => dayOf(age, { year: "numeric" });
  assert.deepEqual(rows, [
    ...["Today", "item", "item", "Yesterday", "item", dayOf(3, { weekday: "long" }), "item"],
    dayOf(40, year(40) === year(0) ? { day: "numeric", month: "long" } : { dateStyle: "long" }),
    ...["item", dayOf(400, { dateStyle: "long" }), "item"],
  ]);
  await watched.close();
});

describe("an item is viewed", () => {
  /** The titles of those that were told of as viewed; empty until then. */
  async function viewed(page: Page): Promise<string[]> {
    const events = await toldOf(page, "view");
    return events.flatMap(({ items }) =>
      (Array.isArray(items) ? items : []).map((item) => String(item.content.title)),
    );
  }

  /** How long it takes until views are told of, by the page's clock: at least that long. */
  async function untilViewed(page: Page): Promise<number> {
    for (let ms = 0; ; ms += 100) {
      if ((await viewed(page)).length > 0) return ms;
      await page.clock.runFor(100);
    }
  }

  test("when it has been on the screen for a second, and not where it was scrolled past", async () => {
    await site.app.sendMany("cat", 20);
    const watched = await openStopped("cat", {}, { viewport: { width: 900, height: 600 } });
    const { page } = watched;
    await bellOf(page).click();
    const list = page.locator("onecall-inbox .list");
    const titles = page.locator("onecall-inbox .main");
    await titles.nth(19).waitFor({ state: "attached" });
    const all = await titles.allTextContents();
    await page.clock.runFor(500);
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    // Seen by the page's observers, whose time is the browser's.
    await page.locator("onecall-inbox .item").last().hover();
    const ms = await untilViewed(page);
    assert.ok(ms >= 1000, `${ms} ms`);
    const seen = await viewed(page);
    assert.ok(seen.includes(all.at(-1) ?? ""), "the last one is looked at");
    assert.ok(!seen.includes(all[0] ?? ""), "the first one was scrolled past");
    assert.ok(seen.length < all.length);
    await watched.close();
  });

  test("in a page that is in sight alone", async () => {
    await site.app.send("dan", "Hello");
    const watched = await openStopped("dan", { element: "onecall-feed" });
    const { page } = watched;
    const setVisible = (state: string) =>
      page.evaluate((visibilityState) => {
        Object.defineProperty(document, "visibilityState", { value: visibilityState, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await setVisible("hidden");
    await page.getByRole("button", { name: "Hello" }).hover();
    await page.clock.runFor(5000);
    assert.deepEqual(await viewed(page), []);
    await setVisible("visible");
    const ms = await untilViewed(page);
    assert.ok(ms >= 1000, `${ms} ms`);
    await watched.close();
  });
});
