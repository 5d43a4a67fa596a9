import { expect, it } from "vitest";
import { listStatements } from "../support/query-plans/source-statements.ts";

const SOURCES = import.meta.glob<string>("../../src/**/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
});

const WRITES = /(?:INSERT(?: OR [A-Z]+)? INTO|UPDATE|DELETE FROM) +([a-z_]+)\b/g;

/** Files that have a store's statements, and nothing else. */
const STATEMENTS_OF = new Map([
  ["src/objects/user-shard/delivery-statements.ts", "src/objects/user-shard/delivery-rows.ts"],
]);

/** Which files write which tables, by `object table`: a ledger's notifications aren't a shard's. */
function listWriters(): Map<string, Set<string>> {
  const writers = new Map<string, Set<string>>();
  for (const { file, text } of listStatements(SOURCES)) {
    const owner = /^src\/objects\/([^/]+)\//.exec(file)?.[1] ?? "elsewhere";
    for (const [, table] of text.matchAll(WRITES)) {
      const key = `${owner} ${table}`;
      writers.set(key, (writers.get(key) ?? new Set()).add(STATEMENTS_OF.get(file) ?? file));
    }
  }
  return writers;
}

it("a table is written by its store's file alone", () => {
  const writers = listWriters();
  expect(writers.size).toBeGreaterThan(60);
  expect(writers.get("user-shard deliveries")).toEqual(new Set(["src/objects/user-shard/delivery-rows.ts"]));
  const shared = [...writers]
    .filter(([, files]) => files.size > 1)
    .map(([table, files]) => [table, ...files]);
  expect(shared).toEqual([]);
});

it("what the kit writes in any object, no object writes itself; outside the objects nothing is written", () => {
  const tables = [...listWriters().keys()].map((key) => key.split(" ").at(-1) ?? "");
  const common = [...listWriters().keys()]
    .filter((key) => key.startsWith("kit "))
    .map((key) => key.split(" ").at(-1) ?? "");
  expect(common).toContain("due");
  expect([...listWriters().keys()].filter((key) => key.startsWith("elsewhere "))).toEqual([]);
  expect(common.filter((table) => tables.filter((other) => other === table).length > 1)).toEqual([]);
});
