import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll } from "vitest";
import type { ObjectName } from "./allowed.ts";
import { describeFlaw, type Flaw, findFlaws, identifyObject } from "./plan.ts";

/**
 * Every statement that an object executes in any test is explained, once per isolate, in the object that executes it:
 * the objects run in the tests' isolate. A test fails where one reads more than it is asked for (allowed.ts).
 */

const seen = new Set<string>();
const flaws: Flaw[] = [];
const objects = new WeakMap<SqlStorage, ObjectName>();

type Exec = SqlStorage["exec"];
const isPatched = Symbol.for("onecall.statements-are-explained");

function explain(sql: SqlStorage, exec: Exec, query: string, values: unknown[]): void {
  if (!/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(query)) return;
  const known = objects.get(sql);
  if (known !== undefined && seen.has(`${known} ${query}`)) return;
  // The caller of `exec`: tests look into tables as they please, and a schema's steps run once.
  const caller = nameCaller(3);
  if (!caller.includes("/src/") || caller.includes("/src/objects/kit/migrate.ts")) return;
  const execute = exec.bind(sql);
  const object = known ?? identifyObject(execute);
  if (object === null) return;
  objects.set(sql, object);
  const name = `${object} ${query}`;
  if (seen.has(name)) return;
  seen.add(name);
  flaws.push(...findFlaws(execute, object, query, values));
}

/**
 * The file of the function so many calls up, without the whole stack and its source maps: that costs as much as a
 * row.
 */
function nameCaller(depth: number): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = depth + 1;
  Error.prepareStackTrace = (_, sites) => sites[depth]?.getFileName() ?? "";
  try {
    return String(new Error().stack);
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

beforeAll(async () => {
  await runInDurableObject(env.USER_SHARD.getByName("query-plans:0"), (_, { storage }) => {
    const prototype = Object.getPrototypeOf(storage.sql);
    if (isPatched in prototype) return;
    const original: Exec = prototype.exec;
    prototype[isPatched] = true;
    prototype.exec = function exec(this: SqlStorage, query: string, ...values: unknown[]) {
      explain(this, original, query, values);
      return original.call(this, query, ...values);
    };
  });
});

afterEach(() => {
  const found = flaws.splice(0);
  if (found.length === 0) return;
  throw new Error(
    `Statements that scan (an index, or a bound named in test/support/query-plans/allowed.ts):\n  ${found
      .map(describeFlaw)
      .join("\n  ")}`,
  );
});
