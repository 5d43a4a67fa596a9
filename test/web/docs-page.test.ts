import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { findAxeFaults } from "./support/axe.ts";
import { openPage, startBrowser } from "./support/browser.ts";

const NARROW = { width: 390, height: 844 };
const WIDE = { width: 1280, height: 900 };

describe("GET /docs in a browser", () => {
  let worker: TestWorker;
  let browser: Browser;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
  });
  after(async () => {
    await Promise.all([worker?.stop(), browser?.close()]);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`is accessible to WCAG 2.2 AA, ${colorScheme}, wide and narrow`, async () => {
      const docs = await openPage(browser, `${worker.url}/docs`, { colorScheme });
      for (const viewport of [WIDE, NARROW]) {
        await docs.page.setViewportSize(viewport);
        assert.deepEqual(await findAxeFaults(docs.page), [], `${viewport.width} px`);
        const overflow = await docs.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0, `the page scrolls sideways at ${viewport.width} px`);
      }
      await docs.close();
    });
  }

  test("its closed parts are accessible when they are opened", async () => {
    const docs = await openPage(browser, `${worker.url}/docs`, { viewport: NARROW });
    await docs.page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
    });
    assert.deepEqual(await findAxeFaults(docs.page), []);
    await docs.close();
  });
});
