import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BrowserContextOptions } from "playwright-core";
import { findAxeFaults } from "./support/axe.ts";
import { bellOf, expectBadge, InboxSite, toldOf } from "./support/inbox-pages.ts";

let site: InboxSite;
before(async () => {
  site = await InboxSite.start();
});
after(() => site.stop());

/** Of the page's own site. */
const PICTURE = "/picture.svg";

const CARD = {
  version: "1.0",
  style: { background: { light: "#FFFFFF", dark: "#1C1C1E" } },
  fallbackText: "Your table is booked",
  body: [
    { id: "1", type: "image", url: PICTURE, altText: "A table" },
    { id: "2", type: "row", items: [{ id: "3", type: "text", content: "Table booked" }] },
    { id: "4", type: "column", items: [{ id: "5", type: "markdown", content: "Friday at eight" }] },
    {
      id: "6",
      type: "button",
      label: "Directions",
      action: { type: "openUrl", url: "https://maps.example/a" },
    },
    { id: "7", type: "button", label: "Cancel", action: { type: "customCallback", callbackId: "cancel" } },
  ],
};

const UI_TEMPLATE = {
  key: "appointment",
  ui_template: {
    version: 1,
    body: {
      items: [
        { type: "image", imageUrl: PICTURE },
        {
          type: "box",
          items: [
            { type: "text", text: "Your appointment" },
            { type: "text", text: "Tomorrow at nine" },
            { type: "textButton", text: "Open", action: { type: "web", data: "https://clinic.example/1" } },
          ],
        },
      ],
    },
  },
};

/** A feed of these contents, the last one at its top. */
async function showFeed(user: string, contents: object[], options: BrowserContextOptions = {}) {
  for (const content of contents) await site.app.sendContent(user, content);
  return site.open(user, { element: "onecall-feed" }, options);
}

describe("content", () => {
  test("has title, body, image and actions: a link, or an event for the page", async () => {
    const watched = await showFeed("jo", [
      {
        title: "Report",
        body: "12 orders",
        image: { url: PICTURE, width: 1, height: 1 },
        action: "/reports/1",
        buttons: [{ label: "Not now", action: { type: "custom", data: "later" } }],
      },
    ]);
    const { page } = watched;
    const link = page.getByRole("link", { name: "Report" });
    assert.match((await link.getAttribute("href")) ?? "", /^http:\/\/127\.0\.0\.1:\d+\/reports\/1$/);
    assert.match(
      (await page.locator("onecall-feed img").getAttribute("src")) ?? "",
      /^http.*\/picture\.svg$/,
    );
    await page.getByRole("button", { name: "Not now" }).click();
    const [{ action } = { action: null }] = await toldOf(page, "action");
    assert.deepEqual(action, { label: "Not now", type: "custom", data: "later", url: null });
    // A page with a router of its own goes on by itself.
    const before = page.url();
    await page.evaluate(() => document.addEventListener("onecall-action", (event) => event.preventDefault()));
    await link.click();
    assert.equal((await toldOf(page, "action")).length, 2);
    assert.equal(page.url(), before);
    await watched.close();
  });

  test("of CometChat's cards and Sendbird's templates becomes title, body, image and buttons", async () => {
    const watched = await showFeed("kim", [CARD, UI_TEMPLATE]);
    const { page } = watched;
    const card = page.getByRole("article", { name: "Table booked" });
    await card.getByText("Friday at eight").waitFor();
    assert.equal(
      await card.getByRole("link", { name: "Directions" }).getAttribute("href"),
      "https://maps.example/a",
    );
    await card.getByRole("button", { name: "Cancel" }).waitFor();
    await card.getByRole("img", { name: "A table" }).waitFor();
    const template = page.getByRole("article", { name: "Your appointment" });
    await template.getByText("Tomorrow at nine").waitFor();
    assert.equal(
      await template.getByRole("link", { name: "Open" }).getAttribute("href"),
      "https://clinic.example/1",
    );
    await watched.close();
  });

  test("is drawn by the page where that wants to, with the page's styles", async () => {
    const watched = await showFeed("lou", [{ kind: "chess", move: "e4" }, { title: "Plain" }]);
    const { page } = watched;
    await page.getByRole("button", { name: "Plain" }).waitFor();
    await page.locator("onecall-feed").evaluate((feed) => {
      Reflect.set(feed, "renderItem", (item: { content: { move?: string } }) => {
        if (item.content.move === undefined) return null;
        const own = document.createElement("p");
        own.className = "own";
        own.textContent = `Your move after ${item.content.move}`;
        return own;
      });
    });
    const own = page.getByText("Your move after e4");
    await own.waitFor();
    assert.equal(await own.evaluate((element) => getComputedStyle(element).color), "rgb(1, 2, 3)");
    await page.getByRole("button", { name: "Plain" }).waitFor();
    await watched.close();
  });
});

test("a long body is folded where it hasn't the room alone", async () => {
  await site.app.send("leo", "Terms", { body: "Nothing changes for you. ".repeat(11) });
  for (const [width, folds] of [
    [900, 0],
    [390, 1],
  ] as const) {
    const watched = await site.open("leo", { element: "onecall-feed" }, { viewport: { width, height: 700 } });
    const { page } = watched;
    await page.getByRole("button", { name: "Terms" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Show more" }).count(), folds);
    await watched.close();
  }
});

describe("hostile content", () => {
  test("is text, and links nowhere", async () => {
    const markup = `<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>`;
    const links = [
      "javascript:globalThis.hit=1",
      " JavaScript:1",
      "data:text/html,x",
      "vbscript:x",
      "//evil.example",
    ];
    const watched = await showFeed("mia", [
      { title: markup, body: markup, image: "javascript:1" },
      {
        title: "links",
        action: links[0],
        buttons: links.slice(1).map((url, index) => ({ label: `b${index}`, url })),
      },
      { title: "x".repeat(10_000), body: "word ".repeat(2000) },
      { title: "\u202Eevil\u2066", body: "\u202Eabc\u2069\u2069 plain" },
      { title: { toString: 1 }, body: ["a"], buttons: [null, 1, { label: {} }], action: { type: {} } },
      { __proto__: null, body: [[[[{ type: "text", content: markup }]]]] },
    ]);
    const { page } = watched;
    await page.getByRole("button", { name: "links" }).waitFor();
    const feed = page.locator("onecall-feed");
    assert.equal(await page.getByText(markup).count(), 3);
    assert.equal(await feed.locator("script, img").count(), 0);
    assert.equal(await feed.locator("a").count(), 0);
    assert.equal(await page.evaluate(() => Reflect.get(globalThis, "hit")), undefined);
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(width, 0, "nothing is wider than the page");
    // A long text is folded, and can be read.
    const long = page.getByRole("article", { name: /^x{100}/ });
    await long.getByRole("button", { name: "Show more" }).click();
    await long.getByRole("button", { name: "Show less" }).waitFor();
    // Controls of direction end with the text that they stand in.
    const isIsolated = await feed
      .locator("bdi")
      .first()
      .evaluate((bdi) => getComputedStyle(bdi).unicodeBidi);
    assert.equal(isIsolated, "isolate");
    await watched.close();
  });
});

describe("the keyboard", () => {
  test("opens, walks, acts and closes", async () => {
    await site.app.sendContent("ned", {
      title: "Older",
      buttons: [{ label: "Accept", action: { type: "custom" } }],
    });
    await site.app.sendContent("ned", { title: "Newer" });
    const watched = await site.open("ned");
    const { page } = watched;
    await expectBadge(page, "2");
    const focused = () =>
      page.evaluate(
        () => document.querySelector("onecall-inbox")?.shadowRoot?.activeElement?.textContent ?? "",
      );
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Newer" }).waitFor();
    const tabTo = async (text: string): Promise<void> => {
      for (let step = 0; step < 12 && (await focused()) !== text; step++) await page.keyboard.press("Tab");
      assert.equal(await focused(), text);
    };
    await tabTo("Newer");
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(), "Older");
    await page.keyboard.press("Home");
    assert.equal(await focused(), "Newer");
    await page.keyboard.press("End");
    await tabTo("Accept");
    await page.keyboard.press("Enter");
    assert.equal((await toldOf(page, "action")).length, 1);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.locator("onecall-inbox .bell:focus").waitFor();
    await watched.close();
  });
});

describe("axe finds nothing", () => {
  const LOOKS: [
    name: string,
    attributes: Record<string, string>,
    options: BrowserContextOptions & { path?: string },
  ][] = [
    ["light", {}, {}],
    ["dark", {}, { colorScheme: "dark" }],
    ["dark by attribute", { theme: "dark" }, {}],
    ["390 px wide", {}, { viewport: { width: 390, height: 780 } }],
    ["right to left", {}, { path: "/rtl" }],
  ];
  before(async () => {
    await site.app.sendContent("ona", { title: "Read", body: "A body" }, "news");
    await site.app.sendContent("ona", CARD, "orders");
    await site.app.send("ona", "Long", { body: "word ".repeat(200) });
  });

  for (const [name, attributes, options] of LOOKS) {
    for (const element of ["onecall-inbox", "onecall-feed"]) {
      test(`in <${element}>, ${name}`, async () => {
        // With a dot, whatever other tests have seen.
        await site.app.send("ona", "Unread");
        const watched = await site.open(
          "ona",
          { element, tags: "orders,news", heading: "", ...attributes },
          options,
        );
        const { page } = watched;
        if (element === "onecall-inbox") {
          await expectBadge(page, /^\d+$/);
          await bellOf(page).click();
        }
        await page.getByRole("button", { name: "Unread", exact: true }).first().waitFor();
        await page.locator(`${element} .item`).first().waitFor();
        assert.deepEqual(await findAxeFaults(page), []);
        await watched.close();
      });
    }
  }
});
