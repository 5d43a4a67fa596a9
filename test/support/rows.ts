import { runInDurableObject } from "cloudflare:test";

/** What an object that starts anew has written down: a shard that it has no users, a ledger that it has no tags. */
const CONDITIONS = new Map([
  ["user_count", "WHERE active > 0 OR stored > 0"],
  ["tag_quota", "WHERE counted > 0 OR most IS NOT NULL"],
]);

/** Rows of an object's tables; an object that starts anew makes them, empty. */
export function countRows(stub: DurableObjectStub): Promise<number> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .filter(({ name }) => name !== "schema_version" && !name.startsWith("_"))
      .map(
        ({ name }) =>
          storage.sql
            .exec<{ rows: number }>(`SELECT COUNT(*) AS rows FROM "${name}" ${CONDITIONS.get(name) ?? ""}`)
            .one().rows,
      )
      .reduce((sum, rows) => sum + rows, 0),
  );
}
