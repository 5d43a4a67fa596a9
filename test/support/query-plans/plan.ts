import { findAllowance, type ObjectName } from "./allowed.ts";

/** What a statement does that costs more as its table grows. */
export interface Flaw {
  /** The class of the object whose schema it was planned against. */
  object: ObjectName;
  statement: string;
  /** A line of SQLite's plan. */
  step: string;
}

/** A table that only this object's schema has. */
const MARKS: [table: string, object: ObjectName][] = [
  ["kv_outbox", "Registry"],
  ["shard_reports", "Ledger"],
  ["deliveries", "UserShard"],
  ["attempts", "WebhookEndpoint"],
];

/**
 * Searches by the beginning of a key that many rows share: they are scans by another name. A channel has all of a
 * shard's pushes.
 */
const WIDE_SEARCHES = [/^SEARCH pushes USING PRIMARY KEY \(channel_key=\?\)/];

type Execute = (query: string, ...values: unknown[]) => SqlStorageCursor<Record<string, SqlStorageValue>>;

/** White space as one blank each: how a statement is named. */
export function normalize(statement: string): string {
  return statement.replace(/\s+/g, " ").trim();
}

/** Whose tables these are; null before there are any. */
export function identifyObject(execute: Execute): ObjectName | null {
  const tables = new Set(
    execute("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .map(({ name }) => name),
  );
  return MARKS.find(([table]) => tables.has(table))?.[1] ?? null;
}

/** The steps of a statement's plan that nothing allows. Throws where it can't be prepared. */
export function findFlaws(
  execute: Execute,
  object: ObjectName,
  query: string,
  values: readonly unknown[],
): Flaw[] {
  const statement = normalize(query);
  return listCostlySteps(execute, query, values)
    .filter((step) => findAllowance(object, statement, step) === null)
    .map((step) => ({ object, statement, step }));
}

/** The steps that read more than the rows they are asked for. */
export function listCostlySteps(execute: Execute, query: string, values: readonly unknown[]): string[] {
  return execute(`EXPLAIN QUERY PLAN ${query}`, ...values)
    .toArray()
    .map(({ detail }) => String(detail))
    .filter(isCostly);
}

function isCostly(step: string): boolean {
  // json_each: as long as the value that the caller bound.
  if (/^SCAN \S+ VIRTUAL TABLE/.test(step) || step === "SCAN CONSTANT ROW") return false;
  if (step.startsWith("SCAN ") || step.includes("AUTOMATIC") || step.startsWith("USE TEMP B-TREE"))
    return true;
  // MIN or MAX of a column without an index is told as a search, but has no condition.
  if (step.startsWith("SEARCH ") && !step.includes("(")) return true;
  return WIDE_SEARCHES.some((pattern) => pattern.test(step));
}

export function describeFlaw({ object, statement, step }: Flaw): string {
  return `${object}: ${step}\n    ${statement}`;
}
