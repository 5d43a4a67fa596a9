import { runInDurableObject } from "cloudflare:test";

/** Rows of an object's tables; an object that starts anew makes them, empty. */
export function countRows(stub: DurableObjectStub): Promise<number> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .filter(({ name }) => name !== "schema_version" && !name.startsWith("_"))
      .map(
        ({ name }) => storage.sql.exec<{ rows: number }>(`SELECT COUNT(*) AS rows FROM "${name}"`).one().rows,
      )
      .reduce((sum, rows) => sum + rows, 0),
  );
}
