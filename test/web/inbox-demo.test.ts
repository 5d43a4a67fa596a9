import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Browser, Locator, Page } from "playwright-core";
import { CALLS } from "../../scripts/inbox-demo/looks.ts";
import { demoPage, demoScript } from "../../scripts/inbox-demo/page.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { findAxeFaults } from "./support/axe.ts";
import { openPage, startBrowser, type WatchedPage } from "./support/browser.ts";

/** `npm run inbox:demo`: each of its buttons does what it says. */

let demo: ChildProcess;
let browser: Browser;
let watched: WatchedPage;
let page: Page;
before(async () => {
  demo = spawn(process.execPath, [join(ROOT, "scripts", "inbox-demo.ts"), "--port", "0"]);
  const [url, started] = await Promise.all([addressOf(demo), startBrowser()]);
  browser = started;
  watched = await openPage(browser, url);
  page = watched.page;
  await sectionOf("omar").locator("onecall-feed .item").first().waitFor();
});
after(async () => {
  await browser?.close();
  const ended = once(demo, "exit");
  demo.kill("SIGTERM");
  await ended;
});

async function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  let said = "";
  stderr?.on("data", (piece) => {
    said += piece;
  });
  for await (const piece of stdout ?? []) {
    said += piece;
    const address = /The inbox at (\S+),/.exec(stripVTControlCharacters(said))?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(said);
}

const sectionOf = (user: string): Locator => page.locator(`section[data-user="${user}"]`);

test("it has every property, method and event that the document names", () => {
  const docs = readFileSync(join(ROOT, "docs", "inbox.md"), "utf8");
  const code = demoPage("http://localhost", ["jane"]) + demoScript() + Object.values(CALLS).join();
  const listed = (heading: string): string[] => {
    const section = docs.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    const starts = [...section.matchAll(/^- (`[^`]+`(?:, `[^`]+`)*)/gm)].map(([, names = ""]) => names);
    return starts.flatMap((names) => [...names.matchAll(/`([\w-]+)/g)].map(([, name = ""]) => name));
  };
  const members = listed("Properties and methods");
  const events = listed("Events");
  assert.ok(members.length > 10 && events.length > 5);
  for (const name of [...members, ...events]) assert.ok(code.includes(name.replace("onecall-", "")), name);
});

test("two users stand side by side, one in light, one in dark", async () => {
  const shown = await page.locator("section").evaluateAll((sections) =>
    sections.map((section) => {
      const feed = section.querySelector("onecall-feed")?.shadowRoot?.querySelector(".feed") ?? section;
      return {
        left: section.getBoundingClientRect().left,
        background: getComputedStyle(feed).backgroundColor,
      };
    }),
  );
  assert.equal(shown.length, 2);
  assert.notEqual(shown[0]?.left, shown[1]?.left);
  assert.notEqual(shown[0]?.background, shown[1]?.background);
  assert.deepEqual(await findAxeFaults(page), []);
});

test("a button sends to its user, whose bell and feed say so", async () => {
  for (const key of await sectionOf("omar").locator("button[data-key]").allTextContents()) {
    const items = () =>
      sectionOf("omar")
        .locator("onecall-feed")
        .evaluate((feed) => Reflect.get(feed, "items").length);
    const before = await items();
    await sectionOf("omar").getByRole("button", { name: key, exact: true }).first().click();
    while ((await items()) === before) {}
  }
});

/** Whether what a switch of a kind does to the feed is done, or undone. */
function isAs([section, kind, name, wanted]: readonly [string, string, string, boolean]): boolean {
  const feed = document.querySelector(`section[data-user="${section}"] onecall-feed`);
  const { style } = feed instanceof HTMLElement ? feed : document.body;
  switch (kind) {
    case "attribute":
      return (feed?.hasAttribute(name) === true) === wanted;
    case "dir":
      return (feed?.closest("section")?.dir === "rtl") === wanted;
    case "texts":
      return (feed?.shadowRoot?.querySelector("h2")?.textContent === "Post") === wanted;
    case "draws":
      return (feed?.querySelector(".move") === null) === wanted;
    case "property":
      return (style.getPropertyValue(name) !== "") === wanted;
    case "part":
      return (feed?.classList.contains(`part-${name}`) === true) === wanted;
    case "slot":
      return (feed?.querySelector(`:scope > [slot="${name}"]`) !== null) === wanted;
    default:
      return (feed?.shadowRoot?.querySelector(`[part~="${name}"]`) !== null) === wanted;
  }
}

/** Whether the feed has heard from the service. */
function isConnected(section: string): boolean {
  const feed = document.querySelector(`section[data-user="${section}"] onecall-feed`);
  return feed !== null && Reflect.get(feed, "unreadCount") !== null;
}

test("every switch does what it says, and undoes it", async () => {
  await sectionOf("jane").getByText("All that there is").click();
  const switches = await sectionOf("jane")
    .locator("button[data-kind]")
    .evaluateAll((buttons) =>
      buttons.map((button) => ({
        kind: button.getAttribute("data-kind") ?? "",
        name: button.getAttribute("data-name") ?? "",
      })),
    );
  assert.ok(switches.length > 60);
  for (const { kind, name } of switches) {
    const button = page.locator(`section[data-user="jane"] button[data-kind="${kind}"][data-name="${name}"]`);
    // The connection of before may come a moment later, and say that it is there.
    await page.waitForFunction(isConnected, "jane");
    for (let turn = 0; turn < 2; turn++) {
      // Not by the mouse: that would close the panel, wherever it clicks.
      await button.evaluate((element: HTMLElement) => element.click());
      const pressed = (await button.getAttribute("aria-pressed")) === "true";
      await page.waitForFunction(isAs, ["jane", kind, name, pressed] as const);
    }
  }
  for (const name of Object.keys(CALLS)) {
    await page
      .locator(`section[data-user="jane"] button[data-call="${name}"]`)
      .evaluate((element: HTMLElement) => element.click());
  }
  await sectionOf("jane").locator("li", { hasText: "unreadCount" }).waitFor();
  await watched.close();
});
