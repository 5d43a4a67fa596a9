import { runInDurableObject } from "cloudflare:test";
import type { TestApp } from "./api.ts";
import { recordOf } from "./users.ts";

/** The names of all of an app's user shards. */
export async function shardNamesOf(app: TestApp): Promise<string[]> {
  const { shardCount } = await recordOf(app);
  return Array.from({ length: shardCount }, (_, shard) => `${app.id}:${shard}`);
}

/** Every table and column of these objects in which a text stands. */
export async function findText<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
  names: readonly string[],
  text: string,
): Promise<string[]> {
  const found = new Set<string>();
  for (const name of names) {
    await runInDurableObject(namespace.getByName(name), (_, { storage: { sql } }) => {
      const tables = sql
        .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .toArray()
        .filter((table) => !table.name.startsWith("_"));
      for (const table of tables) {
        for (const row of sql.exec(`SELECT * FROM "${table.name}"`)) {
          for (const [column, value] of Object.entries(row)) {
            if (String(value).includes(text)) found.add(`${table.name}.${column}`);
          }
        }
      }
    });
  }
  return [...found];
}
