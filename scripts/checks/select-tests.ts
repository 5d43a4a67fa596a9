import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ROOT } from "../wrangler.ts";

/** More would take longer than a person waits: `npm test` runs all. */
const MAX_FILES = 3;
/** Every test that calls the Worker reaches all of src/ through these: that says nothing of what it tests. */
const HUBS = /^(src\/index\.ts|src\/api\/routes\.ts|src\/objects\/[^/]+\/object\.ts|test\/support\/)/;
/** They start processes, go through all routes, or take minutes. */
const NOT_FAST = /^test\/(api|e2e|web|bench|chaos|soak|upgrade)\//;
/** Sends from their call to their counts: where no test is near. */
const SMOKE_TEST = "test/notifications/seeds.test.ts";

/**
 * The tests nearest to what changed: themselves where they changed, then those of the same name, then by how many
 * imports they are away.
 */
export function selectTests(changed: readonly string[]): string[] {
  const sources = globSync(["src/**/*.ts", "test/**/*.ts"], { cwd: ROOT }).filter(
    (file) => !NOT_FAST.test(file),
  );
  const importers = listImporters(sources);
  const distances = new Map(changed.map((file) => [file, 0]));
  for (const [file, distance] of distances) {
    // What is imported by way of a hub was changed no nearer than anything else.
    if (HUBS.test(file) && distance > 0) continue;
    for (const importer of importers.get(file) ?? []) {
      if (!distances.has(importer)) distances.set(importer, distance + 1);
    }
  }
  const names = new Set(changed.map((file) => basename(file, ".ts")));
  const rank = (file: string) =>
    names.has(basename(file, ".test.ts")) ? 0.5 : (distances.get(file) ?? Infinity);
  const tests = sources.filter((file) => file.endsWith(".test.ts") && rank(file) < Infinity);
  const nearest = tests.sort((one, other) => rank(one) - rank(other)).slice(0, MAX_FILES);
  const isCode = changed.some((file) => /^(src|test)\/.*\.ts$/.test(file));
  return isCode && nearest.length === 0 ? [SMOKE_TEST] : nearest;
}

/** Who imports each file, types included. */
function listImporters(sources: readonly string[]): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const file of sources) {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const [, specifier = ""] of text.matchAll(/(?:from|import) ?\(?"(\.[^"]+\.ts)"/g)) {
      const imported = join(dirname(file), specifier);
      importers.set(imported, [...(importers.get(imported) ?? []), file]);
    }
  }
  return importers;
}
