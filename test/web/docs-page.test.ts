import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { findAxeFaults } from "./support/axe.ts";
import { openPage, startBrowser } from "./support/browser.ts";

const NARROW = { width: 390, height: 844 };
const WIDE = { width: 1280, height: 900 };

describe("GET /docs in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-docs-"));
  let worker: LocalWorker;
  let browser: Browser;
  before(async () => {
    [worker, browser] = await Promise.all([startLocalWorker({ persistTo: folder }), startBrowser()]);
  });
  after(async () => {
    await Promise.all([worker?.stop(), browser?.close()]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of [WIDE, NARROW]) {
      test(`is accessible to WCAG 2.2 AA, ${colorScheme} and ${viewport.width} px wide`, async () => {
        const docs = await openPage(browser, `${worker.url}/docs`, { colorScheme, viewport });
        assert.deepEqual(await findAxeFaults(docs.page), []);
        const overflow = await docs.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0, "the page scrolls sideways");
        await docs.close();
      });
    }
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
