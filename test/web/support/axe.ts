import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const OPTIONS: RunOptions = {
  /** WCAG 2.2, levels A and AA. */
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  /** Of what is right, the elements needn't be listed: on a large page that is half of the time. */
  resultTypes: ["violations"],
};

/** What is wrong with a page for who can't see it well, or uses no mouse: a line for each element. */
export async function findAxeFaults(page: Page): Promise<string[]> {
  // Evaluated by the browser's tools: the page's own policy needs no exception.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(SOURCE);
  const violations = (await page.evaluate(
    `axe.run(${JSON.stringify(OPTIONS)}).then(({ violations }) => violations)`,
  )) as AxeResults["violations"];
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, any }) => `${id}: ${help}: ${target.join(" ")} ${any[0]?.message ?? ""}`),
  );
}
