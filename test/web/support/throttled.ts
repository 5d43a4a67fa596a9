import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A phone of the middle on a mobile network: the CPU four times slower, 1.6 Mbit/s, 150 ms to and fro ("fast 3G"). */
const CPU_RATE = 4;
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1e6) / 8,
  uploadThroughput: (0.75 * 1e6) / 8,
};

/** How long a page takes from its address to what `isUsable` waits for, with an empty cache, ms. */
export async function timeThrottled(
  browser: Browser,
  address: string,
  isUsable: (page: Page) => Promise<void>,
  storageState?: BrowserContextOptions["storageState"],
): Promise<number> {
  const context = await browser.newContext(storageState === undefined ? {} : { storageState });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", NETWORK);
    await session.send("Emulation.setCPUThrottlingRate", { rate: CPU_RATE });
    const start = performance.now();
    await page.goto(address, { waitUntil: "commit" });
    await isUsable(page);
    return performance.now() - start;
  } finally {
    await context.close();
  }
}
