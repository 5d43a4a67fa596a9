import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A phone of the middle: its CPU is four times slower than this machine's. */
const CPU_RATE = 4;

/** "Fast 3G": 1.6 Mbit/s down, 0.75 up. */
const BANDWIDTH = {
  offline: false,
  downloadThroughput: (1.6 * 1e6) / 8,
  uploadThroughput: (0.75 * 1e6) / 8,
};

/** A round trip of that network, ms. */
const ROUND_TRIP_MS = 150;

/**
 * What a browser's developer tools give each request on the same network, ms: 3.75 round trips, as if each opened a
 * connection of its own.
 */
export const TOOLS_LATENCY_MS = 562.5;

export interface Throttled {
  address: string;
  /** What stands on the page once it can be used. */
  usable: string;
  storageState?: BrowserContextOptions["storageState"];
  /** Of each request. */
  latencyMs?: number;
}

/**
 * How long a page takes from its navigation to the frame after that which shows what can be used, by the page's own
 * clock, with an empty cache, ms. `use` does what the page is for.
 */
export async function timeThrottled(
  browser: Browser,
  { address, usable, storageState, latencyMs = ROUND_TRIP_MS }: Throttled,
  use: (page: Page) => Promise<void>,
): Promise<number> {
  const context = await browser.newContext(storageState === undefined ? {} : { storageState });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { ...BANDWIDTH, latency: latencyMs });
    await session.send("Emulation.setCPUThrottlingRate", { rate: CPU_RATE });
    await page.addInitScript({ content: noteWhen(usable) });
    await page.goto(address, { waitUntil: "commit" });
    const noted = await page.waitForFunction(
      () => Reflect.get(globalThis, "usableAfterMs"),
      undefined,
      // Not with each frame: looking costs the page, too.
      { polling: 100 },
    );
    await use(page);
    return Number(await noted.jsonValue());
  } finally {
    await context.close();
  }
}

/** What runs in the page before all of its own: notes when the frame was shown that has it. */
function noteWhen(usable: string): string {
  return `new MutationObserver((_, observer) => {
    if (document.querySelector(${JSON.stringify(usable)}) === null) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => { usableAfterMs = performance.now(); }));
  }).observe(document, { childList: true, subtree: true });`;
}
