import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { ATTRIBUTES, PARTS, PROPERTIES, SLOTS } from "../../scripts/inbox-demo/looks.ts";
import { demoPage } from "../../scripts/inbox-demo/page.ts";
import { bellOf, InboxSite } from "./support/inbox-pages.ts";

const DOCS = readFileSync(new URL("../../docs/inbox.md", import.meta.url), "utf8");

let site: InboxSite;
before(async () => {
  site = await InboxSite.start();
  await site.app.sendContent("vic", { title: "Read" });
  const content = {
    title: "Report",
    body: "12 orders",
    image: "/picture.svg",
    buttons: [{ label: "Open", url: "https://example.com" }],
  };
  await site.app.sendContent("vic", content, "orders");
});
after(() => site.stop());

/** The names in backquotes of a paragraph of the document, or of the first column of a section's table. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

function tableNames(heading: string): string[] {
  const section = DOCS.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .flatMap((line) => (line.startsWith("| `") ? namesIn(line.split(" | ")[0] ?? "") : []));
}

function paragraphNames(start: string): string[] {
  const paragraph = DOCS.split("\n\n").find((one) => one.startsWith(start)) ?? "";
  return namesIn(paragraph).filter((name) => !name.includes("("));
}

test("the demo has every attribute, custom property, part and slot that the document names", () => {
  const page = demoPage("http://localhost", ["jane"]);
  const documented: [kind: string, names: string[], shown: string[]][] = [
    ["attribute", tableNames("Attributes"), Object.keys(ATTRIBUTES)],
    ["property", tableNames("Looks"), Object.keys(PROPERTIES)],
    ["part", paragraphNames("Parts"), [...PARTS]],
    ["slot", paragraphNames("Slots"), Object.keys(SLOTS)],
  ];
  for (const [kind, names, shown] of documented) {
    assert.ok(names.length > 0, kind);
    assert.deepEqual(shown.toSorted(), names.toSorted());
    for (const name of names) assert.ok(page.includes(`data-kind="${kind}" data-name="${name}"`), name);
  }
});

/** Styles of the page's own; a policy lets them in by the object model. */
function addStyles(page: Page, css: string): Promise<void> {
  return page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }, css);
}

/** Has reading the feed fail; without a status it never ends. */
async function breakFeed(page: Page, status?: number): Promise<void> {
  await page.route("**/feed?*", async (route) => {
    if (status === undefined) return;
    const headers = { "access-control-allow-origin": "*" };
    await route.fulfill({ status, headers, json: { error: { code: "ERR_UNAVAILABLE" } } });
  });
}

/** What brings about each of the element's states. In all but the first there is nothing to be seen of an item. */
const STATES: Record<string, { user: string; waitFor: string; prepare?: (page: Page) => Promise<void> }> = {
  items: { user: "vic", waitFor: ".is-unread" },
  empty: { user: "wes", waitFor: "[part=empty], slot[name=empty]" },
  error: { user: "xia", waitFor: "[part=error], slot[name=error]", prepare: (page) => breakFeed(page, 503) },
  loading: { user: "yan", waitFor: "[part=loading]", prepare: breakFeed },
};

/** A page with the open inbox in a state. */
async function show(name: string, css = "", markup: Record<string, string> = {}) {
  const { user, waitFor, prepare } = STATES[name] ?? { user: "", waitFor: "" };
  // What looks at it changes nothing, so that the unread item stays one.
  const watched = await site.open(user, { tags: "orders", "read-only": "" });
  watched.expect(/status of 503/, /answer: 503/);
  const { page } = watched;
  await prepare?.(page);
  await addStyles(page, css);
  await page.locator("onecall-inbox").evaluate((inbox, slots) => {
    for (const [slot, text] of Object.entries(slots)) {
      const own = Object.assign(document.createElement("b"), { slot, textContent: text });
      inbox.append(own);
    }
  }, markup);
  await (markup.bell === undefined ? bellOf(page) : page.locator("onecall-inbox .bell")).click();
  await page.locator(`onecall-inbox :is(${waitFor})`).first().waitFor({ state: "attached" });
  return watched;
}

/** The parts that a page's styles reach, and all that there are. */
async function partsOf(page: Page): Promise<{ styled: string[]; present: string[] }> {
  return page.locator("onecall-inbox").evaluate((inbox) => {
    const elements = [...(inbox.shadowRoot?.querySelectorAll("[part]") ?? [])];
    const names = elements.flatMap((element) => [...element.part].map((name) => ({ name, element })));
    return {
      present: [...new Set(names.map(({ name }) => name))],
      styled: names
        .filter(({ name, element }) => getComputedStyle(element).getPropertyValue(`--is-${name}`) === "yes")
        .map(({ name }) => name),
    };
  });
}

describe("parts", () => {
  test("are all that the document names, and a page's styles reach each", async () => {
    const css = PARTS.map((name) => `onecall-inbox::part(${name}) { --is-${name}: yes }`).join("\n");
    const styled = new Set<string>();
    const note = async (page: Page): Promise<void> => {
      const parts = await partsOf(page);
      assert.deepEqual(
        parts.present.filter((name) => !PARTS.includes(name)),
        [],
      );
      for (const name of parts.styled) styled.add(name);
    };
    for (const state of Object.keys(STATES)) {
      const watched = await show(state, css);
      await note(watched.page);
      await watched.close();
    }
    // What only an inbox that may mark, and is connected, has.
    await site.app.sendMany("zoe", 30);
    const watched = await site.open("zoe");
    watched.expect(/net::ERR_/, /WebSocket connection/);
    const { page } = watched;
    await addStyles(page, css);
    await bellOf(page).click();
    await page.getByRole("button", { name: "Number 30" }).waitFor();
    await page.locator("onecall-inbox .list").evaluate((list) => list.scrollTo(0, 600));
    await site.app.send("zoe", "Newest");
    await page.locator("onecall-inbox .newest").waitFor();
    await note(page);
    await watched.context.setOffline(true);
    await page.locator("onecall-inbox .offline").waitFor();
    await note(page);
    await watched.close();
    assert.deepEqual([...styled].toSorted(), PARTS.toSorted());
  });
});

const COLOR = "rgb(1, 2, 3)";
const SIZE = "321px";

/** Where each property shows: an element in the open inbox, and what of its style is the property's value. */
const SHOWN_IN: Record<string, { selector: string; style: string; value?: string }> = {
  "--onecall-accent": { selector: ".dot", style: "background-color" },
  "--onecall-on-accent": { selector: ".actions > :first-child", style: "color" },
  "--onecall-background": { selector: ".feed", style: "background-color" },
  "--onecall-text": { selector: ".main", style: "color" },
  "--onecall-muted": { selector: ".body", style: "color" },
  "--onecall-border": { selector: ".filters", style: "border-bottom-color" },
  "--onecall-hover": { selector: ".item:hover", style: "background-color" },
  "--onecall-unread": { selector: ".is-unread:not(:hover)", style: "background-color" },
  "--onecall-badge": { selector: ".badge", style: "background-color" },
  "--onecall-on-badge": { selector: ".badge", style: "color" },
  "--onecall-bell": { selector: ".bell:not(:hover)", style: "color" },
  "--onecall-radius": { selector: ".panel", style: "border-top-left-radius", value: "7px" },
  "--onecall-font": { selector: ".title", style: "font-family", value: "monospace" },
  "--onecall-width": { selector: ".panel", style: "width", value: SIZE },
  "--onecall-height": { selector: ".panel", style: "height", value: SIZE },
};

describe("custom properties", () => {
  test("are all that the document names", () => {
    assert.deepEqual(Object.keys(SHOWN_IN).toSorted(), Object.keys(PROPERTIES).toSorted());
  });

  for (const [property, { selector, style, value = COLOR }] of Object.entries(SHOWN_IN)) {
    test(`${property}, set above the element, is seen in it`, async () => {
      const watched = await show("items", `main { ${property}: ${value} }`);
      const { page } = watched;
      await page.locator("onecall-inbox .item").last().hover();
      if (property === "--onecall-bell") {
        await page.keyboard.press("Escape");
        await page.locator("onecall-inbox:not([open])").waitFor();
        await page.mouse.move(0, 500);
      }
      const shown = page.locator(`onecall-inbox ${selector}`);
      await shown.first().waitFor();
      assert.equal(
        await shown
          .first()
          .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), style),
        value,
      );
      await watched.close();
    });
  }

  test("--onecall-height is the feed's largest height as well", async () => {
    const watched = await site.open("zoe", { element: "onecall-feed", "read-only": "" });
    const { page } = watched;
    await addStyles(page, `main { --onecall-height: ${SIZE} }`);
    await page.locator("onecall-feed .item").first().waitFor();
    assert.equal(
      await page.locator("onecall-feed .feed").evaluate((feed) => getComputedStyle(feed).height),
      SIZE,
    );
    await watched.close();
  });
});

describe("slots", () => {
  const states: Record<string, string> = {
    bell: "items",
    header: "items",
    footer: "items",
    empty: "empty",
    error: "error",
  };
  for (const slot of Object.keys(SLOTS)) {
    test(`${slot} shows what the page puts there`, async () => {
      const watched = await show(states[slot] ?? "", "", { [slot]: `Own ${slot}` });
      await watched.page.getByText(`Own ${slot}`).waitFor();
      await watched.close();
    });
  }
});

test("a heading comes and goes with its attribute", async () => {
  const watched = await site.open("vic", { element: "onecall-feed", "read-only": "" });
  const { page } = watched;
  await page.locator("onecall-feed .item").first().waitFor();
  const heading = page.getByRole("heading", { name: "Notifications" });
  assert.equal(await heading.count(), 0);
  await page.locator("onecall-feed").evaluate((feed) => feed.setAttribute("heading", ""));
  await heading.waitFor();
  await page.locator("onecall-feed").evaluate((feed) => feed.removeAttribute("heading"));
  await heading.waitFor({ state: "detached" });
  await watched.close();
});

test("without a heading or a header, the button to mark all stands beside the filters", async () => {
  // More than are seen.
  await site.app.sendMany("ute", 30);
  const watched = await site.open("ute", { element: "onecall-feed" });
  const { page } = watched;
  await page.locator("onecall-feed .filters [part=mark-all]").waitFor();
  await page.locator("onecall-feed").evaluate((feed) => {
    feed.append(Object.assign(document.createElement("b"), { slot: "header", textContent: "Post" }));
  });
  await page.locator("onecall-feed .top [part=mark-all]").waitFor();
  assert.equal(await page.locator("onecall-feed [part=mark-all]").count(), 1);
  await page.locator("onecall-feed b").evaluate((own) => own.remove());
  await page.locator("onecall-feed .filters [part=mark-all]").waitFor();
  await watched.close();
});
