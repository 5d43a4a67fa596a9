import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { findAxeFaults } from "./axe.ts";
import { openPage, type WatchedPage } from "./browser.ts";

/** How pages are looked at. */
const LOOKS = [
  { look: "light", colorScheme: "light", width: 1280 },
  { look: "dark", colorScheme: "dark", width: 1280 },
  { look: "phone", colorScheme: "light", width: 390 },
] as const;

/** What a browser keeps of each sign-in, by service and token: the service takes ten sign-ins a minute. */
const sessions = new Map<string, BrowserContextOptions["storageState"]>();

/** A page of the dashboard, signed in with an API key or the admin token: by the form once, then by its cookie. */
export async function openSignedIn(
  browser: Browser,
  address: string,
  token: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const session = `${new URL(address).origin} ${token}`;
  const storageState = sessions.get(session);
  if (storageState !== undefined) return openPage(browser, address, { ...options, storageState });
  const watched = await openPage(browser, address, options);
  await watched.page.getByLabel("API key or admin token").fill(token);
  await watched.page.getByRole("button", { name: "Sign in" }).click();
  await watched.page.getByRole("heading", { level: 1 }).filter({ hasNotText: "Sign in" }).waitFor();
  sessions.set(session, await watched.context.storageState());
  return watched;
}

/** Picks a template on a page, or in a part of it, as one types its key. */
export async function chooseTemplate(place: Page | Locator, key: string): Promise<void> {
  await place.getByRole("combobox", { name: "Template" }).fill(key);
  await place.getByRole("option").filter({ hasText: key }).first().click();
}

/** Fails where axe finds a fault on the page as it is, or it is wider than its window. */
export async function requireGoodPage(page: Page, name: string): Promise<void> {
  assert.deepEqual(await findAxeFaults(page), [], name);
  const isWide = await page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
  );
  assert.equal(isWide, false, `${name} is too wide`);
}

/** The same of a page that is there when a text is on it, with all that is folded: in light, in dark, on a phone. */
export async function requireGoodLooks(page: Page, address: string, ready: string): Promise<void> {
  await page.goto(address);
  await page.getByText(ready).first().waitFor();
  for (const summary of await page.locator("summary").all()) await summary.click();
  for (const { look, colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    await requireGoodPage(page, `${address}: ${look}`);
  }
}

/** One pixel. */
const IMAGE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** The page gets what it loads of a site from here: an image, whatever is asked for. */
export async function serveImages(page: Page, origin: string): Promise<void> {
  await page.route(`${origin}/**`, (route) => route.fulfill({ contentType: "image/png", body: IMAGE }));
}
