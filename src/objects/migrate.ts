/**
 * Brings an object's database to the newest schema: forward-only steps, each run once, in a transaction.
 * A step's number is its place in the list, so released steps are never edited or reordered.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly (readonly string[])[]): void {
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    const row = storage.sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray()[0];
    const version = row?.version ?? 0;
    if (version === steps.length) return;
    for (const step of steps.slice(version)) {
      for (const statement of step) storage.sql.exec(statement);
    }
    if (row === undefined) storage.sql.exec("INSERT INTO schema_version (version) VALUES (?)", steps.length);
    else storage.sql.exec("UPDATE schema_version SET version = ?", steps.length);
  });
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
