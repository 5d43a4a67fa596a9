import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CDPSession, chromium, type Page } from "playwright-core";
import { ROOT } from "../../scripts/wrangler.ts";
import { startPageServer } from "../web/support/page-server.ts";
import { report, showMs } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { startOnecall } from "./workers.ts";

const SENDS = 100;
const ITEMS = 1000;
const AT_ONCE = 8;

/** The page's part: when an item stood on the screen, and the frames of a list that is scrolled to its end. */
const SCRIPT = `
const params = new URLSearchParams(location.search);
const feed = document.createElement("onecall-feed");
for (const [name, value] of params) feed.setAttribute(name, value);
const shown = [];
let wanted = () => {};
globalThis.untilShown = async (count) => {
  while (shown.length < count) await new Promise((resolve) => (wanted = resolve));
  return shown[count - 1];
};
document.addEventListener("onecall-item", ({ detail: { item } }) => {
  requestAnimationFrame(() => {
    const key = item.notificationId + " " + item.channelKey;
    if (feed.shadowRoot.querySelector('[data-key="' + key + '"]')) shown.push(Date.now());
    wanted();
  });
});
document.body.append(feed);
globalThis.scrollToEnd = async () => {
  const list = feed.shadowRoot.querySelector(".list");
  const frames = [];
  let before = performance.now();
  while (feed.shadowRoot.querySelector(".end") === null || list.scrollTop + list.clientHeight < list.scrollHeight - 1) {
    list.scrollBy(0, 120);
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return frames;
};
`;
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bench</title>
<link rel="stylesheet" href="/page.css"><script type="module" src="/inbox.js"></script>
<script type="module" src="/page.js"></script></head><body></body></html>`;

/** A send until its item stands on the screen, and a list of a thousand items scrolled, in Chromium. */
export async function benchInbox(script: string): Promise<void> {
  const onecall = await startOnecall(script);
  const inbox = await readFile(join(ROOT, "build/assets/inbox.js"), "utf8");
  const files = {
    "/": PAGE,
    "/inbox.js": inbox,
    "/page.js": SCRIPT,
    "/page.css": "onecall-feed { --onecall-height: 640px; }",
  };
  const pages = await startPageServer(
    () => onecall.url,
    () => files,
  );
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const client = await OnecallClient.create(onecall.url);
    const page = await browser.newPage();
    const open = async (user: string): Promise<void> => {
      const query = new URLSearchParams({ server: onecall.url, token: await client.tokenFor(user) });
      await page.goto(`${pages.url}/?${query}`);
    };
    const send = (user: string) =>
      client.call("POST", "/notifications/send", JSON.parse(client.realtimeBody(user)));

    await send("reader");
    await open("reader");
    await page.locator("onecall-feed .item").first().waitFor();
    await benchSends(page, () => send("reader"));

    for (let sent = 0; sent < ITEMS; sent += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, ITEMS - sent) }, () => send("collector")));
    }
    await open("collector");
    await page.locator("onecall-feed .item").first().waitFor();
    await benchScroll(page);
  } finally {
    await browser.close();
    await pages.stop();
    await onecall.stop();
  }
}

async function benchSends(page: Page, send: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let sent = 1; sent <= SENDS; sent++) {
    const start = Date.now();
    await send();
    times.push(((await page.evaluate(`untilShown(${sent})`)) as number) - start);
  }
  report("an item sent until it is on the screen", showMs(times), "to reach: p50 under 100 ms");
}

async function benchScroll(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const before = await measure(cdp);
  const frames = (await page.evaluate("scrollToEnd()")) as number[];
  const after = await measure(cdp);
  report(`${ITEMS} items scrolled, a frame`, showMs(frames), "to reach: none over 50 ms");
  report("  longest frame", `${Math.max(...frames).toFixed(0)} ms of ${frames.length}`);
  report("  nodes and memory, first page", `${before.nodes} nodes, ${before.mb} MB`);
  report("  nodes and memory, at the end", `${after.nodes} nodes, ${after.mb} MB`, "to reach: flat");
}

async function measure(cdp: CDPSession): Promise<{ nodes: number; mb: string }> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const metricOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { nodes: metricOf("Nodes"), mb: (metricOf("JSHeapUsedSize") / 1e6).toFixed(1) };
}
