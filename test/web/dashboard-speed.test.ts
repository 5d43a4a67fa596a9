import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, CDPSession, Page } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import { openSignedIn } from "./support/dashboard-pages.ts";
import { timeThrottled } from "./support/throttled.ts";

/** Whatever else the machine does: `npm run bench -- dashboard` says what it is. */
const MOST_MS = 10_000;
/** Of all that is fetched before the first page can be used, its headers too. */
const MOST_BYTES = 45_000;

/** What a page asked the service for. */
interface Asked {
  path: string;
  /** What made it ask: its document, in which the path stands, or a script that had come before. */
  by: string;
}

describe("the dashboard on a phone with a mobile network", () => {
  let worker: TestWorker;
  let browser: Browser;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  test("takes a token in its first page soon", async (context) => {
    const first = { address: `${worker.url}/dashboard`, usable: "input[name=token]" };
    const ms = await timeThrottled(browser, first, async (page) => {
      await page.getByLabel("API key or admin token").fill("typed");
      assert.equal(await page.getByRole("button", { name: "Sign in" }).isEnabled(), true);
    });
    context.diagnostic(`the first page was usable after ${Math.round(ms)} ms`);
    assert.ok(ms < MOST_MS, `${ms} ms`);
  });

  test("needs two round trips for it: the page, and all that the page names; compressed, below 45 kB", async () => {
    const { asked, bytes, encodings } = await load(`${worker.url}/dashboard`, async (page) => {
      await page.getByLabel("API key or admin token").waitFor();
    });
    assert.deepEqual(
      asked.filter(({ by }) => by !== "parser"),
      [{ path: "/dashboard", by: "other" }],
    );
    assert.equal(asked.filter(({ path }) => path === "/dashboard/session").length, 1);
    assert.ok(asked.some(({ path }) => path.endsWith(".js")));
    const isText = (path: string) => path === "/dashboard" || /\.(js|css)$/.test(path);
    // Empty modules aren't worth it.
    const plain = [...encodings].filter(([path, encoding]) => isText(path) && encoding !== "gzip");
    assert.deepEqual(plain, []);
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  });

  test("needs one more for Home of whoever is signed in: its data", async () => {
    const { url, adminToken } = worker;
    const app = await new Onecall({ url, adminToken }).admin.createApp({ name: "Shop", shardCount: 16 });
    const home = `${url}/dashboard/${app.id}/home`;
    const { context, close } = await openSignedIn(browser, home, app.apiKey);
    const storageState = await context.storageState();
    await close();
    const { asked } = await load(
      home,
      async (page) => {
        await page.getByText("Nothing failed in the last 14 days.").waitFor();
      },
      storageState,
    );
    const byScripts = asked.filter(({ by }) => by === "script").map(({ path }) => path);
    assert.ok(byScripts.length > 0);
    assert.deepEqual(
      byScripts.filter((path) => !path.startsWith("/v3/")),
      [],
    );
  });

  /** Loads a page with an empty cache, and says what it asked for until it could be used. */
  async function load(
    address: string,
    isUsable: (page: Page) => Promise<void>,
    storageState?: BrowserContextOptions["storageState"],
  ) {
    const context = await browser.newContext(storageState === undefined ? {} : { storageState });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    const heard = listen(session);
    await session.send("Network.enable");
    await page.goto(address);
    await isUsable(page);
    await context.close();
    return heard;
  }
});

function listen(session: CDPSession) {
  const heard = { asked: [] as Asked[], bytes: 0, encodings: new Map<string, string>() };
  session.on("Network.requestWillBeSent", ({ request, initiator }) => {
    if (request.url.startsWith("http")) heard.asked.push({ path: pathOf(request.url), by: initiator.type });
  });
  session.on("Network.responseReceived", ({ response: { url, headers } }) => {
    const names = new Headers(Object.entries(headers));
    if (url.startsWith("http")) heard.encodings.set(pathOf(url), names.get("content-encoding") ?? "none");
  });
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    heard.bytes += encodedDataLength;
  });
  return heard;
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
