type Steps = readonly (readonly string[])[];

/** What a new object of these steps' kind has after them, as one text. */
const newest = new WeakMap<Steps, string>();

/**
 * Brings an object's database to the newest schema: forward-only steps, each run once, in a transaction.
 * A step's number is its place in the list, so released steps are never edited or reordered.
 *
 * A new object doesn't go through the history: an isolate's first runs the steps, and the others take what that one
 * had then. An app's first batch makes an object for each of its shards, and the steps would be most of that cost.
 */
export function migrate(storage: DurableObjectStorage, steps: Steps): void {
  storage.transactionSync(() => {
    const isNew = isUntouched(storage);
    const known = newest.get(steps);
    if (isNew && known !== undefined) {
      storage.sql.exec(known);
      return;
    }
    // The platform's own tables aren't ours to make: in production and locally they have names of their own.
    const foreign = new Set(isNew ? listParts(storage.sql).map(({ name }) => name) : []);
    runSteps(storage.sql, steps);
    if (isNew) newest.set(steps, describeDatabase(storage.sql, foreign));
  });
}

function runSteps(sql: SqlStorage, steps: Steps): void {
  sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
  const row = sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray()[0];
  const version = row?.version ?? 0;
  // More, where a deployment was rolled back: what is newer than this code stays, and its steps must not run again.
  if (version >= steps.length) return;
  for (const step of steps.slice(version)) {
    for (const statement of step) sql.exec(statement);
  }
  if (row === undefined) sql.exec("INSERT INTO schema_version (version) VALUES (?)", steps.length);
  else sql.exec("UPDATE schema_version SET version = ?", steps.length);
}

type Part = { type: string; name: string; sql: string };

/** Tables, indexes and such, in the order in which they were made. */
function listParts(sql: SqlStorage): Part[] {
  return sql
    .exec<Part>(
      "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB '_cf_*' ORDER BY rowid",
    )
    .toArray();
}

/**
 * SQL that makes the same tables with the same rows, but for those that were there before. Of a new object these are
 * few: counters that begin at 0.
 */
function describeDatabase(sql: SqlStorage, foreign: ReadonlySet<string>): string {
  const parts = listParts(sql).filter(({ name }) => !foreign.has(name));
  const rows = parts
    .filter(({ type }) => type === "table")
    .flatMap(({ name }) => [...sql.exec(`SELECT * FROM "${name}"`).raw()].map((row) => ({ name, row })));
  return [
    ...parts.map((part) => part.sql),
    ...rows.map(({ name, row }) => `INSERT INTO "${name}" VALUES (${row.map(quote).join(", ")})`),
  ].join(";\n");
}

function quote(value: SqlStorageValue): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  throw new Error("A schema's steps made a row with bytes");
}

/**
 * True for a database without tables. An object that anybody can name must not write just because it was
 * asked: what is never written costs nothing.
 */
export function isUntouched(storage: DurableObjectStorage): boolean {
  return (
    storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'").toArray()
      .length === 0
  );
}
