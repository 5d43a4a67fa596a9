import assert from "node:assert/strict";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** How long something may take is a matter of who else uses the machine. */
const TIMEOUT_MS = 30_000;

/**
 * What each window of Chromium makes ready beside its page: two pages of its own for its address bar, and a process
 * for a next page. Nobody sees them here, and they took four fifths of what a new window costs.
 */
const UNSEEN = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxFullPopup",
  "WebUIOmniboxAimPopup",
  "SpareRendererForSitePerProcess",
];
/** What Playwright switches off (its chromiumSwitches.ts): of two such switches Chromium takes the last. */
const PLAYWRIGHT_OFF = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "DialMediaRouteProvider",
  "GlobalMediaControls",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "BlockOriginHeaderModificationOnRedirect",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "Translate",
  "AutoDeElevate",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  `--disable-features=${[...PLAYWRIGHT_OFF, ...UNSEEN].join(",")}`,
];

/** Chromium, as Debian has it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** A page whose every fault is kept: errors of scripts, of the console, of its policy, of the server. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  faults: string[];
  /** Those that a test brings about. */
  expect(...patterns: RegExp[]): void;
  /** Fails with every fault that wasn't expected, and closes the page. */
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  url: string,
  { functions = {}, ...options }: BrowserContextOptions & { functions?: Record<string, () => unknown> } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  for (const [name, does] of Object.entries(functions)) await context.exposeFunction(name, does);
  return watchPage(context, await context.newPage(), url, () => context.close());
}

/** Another tab of the same browser. */
export async function openTab({ context }: WatchedPage, url: string): Promise<WatchedPage> {
  const page = await context.newPage();
  return watchPage(context, page, url, () => page.close());
}

async function watchPage(
  context: BrowserContext,
  page: Page,
  url: string,
  close: () => Promise<void>,
): Promise<WatchedPage> {
  const faults: string[] = [];
  const expected: RegExp[] = [];
  page.on("pageerror", (error) => faults.push(`page error: ${error.stack}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`answer: ${response.status()} ${response.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  page.setDefaultTimeout(TIMEOUT_MS);
  await page.goto(url);
  return {
    page,
    context,
    faults,
    expect: (...patterns) => expected.push(...patterns),
    async close() {
      await close();
      assert.deepEqual(
        faults.filter((fault) => !expected.some((pattern) => pattern.test(fault))),
        [],
      );
    },
  };
}
