import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { LEDGER_SCHEMA } from "../../src/objects/ledger/schema.ts";
import { REGISTRY_SCHEMA } from "../../src/objects/registry/schema.ts";
import { USER_SHARD_SCHEMA } from "../../src/objects/user-shard/schema.ts";
import { WEBHOOK_ENDPOINT_SCHEMA } from "../../src/objects/webhook-endpoint/schema.ts";

type Steps = readonly (readonly string[])[];

let objects = 0;

/** An object of an app that isn't there: it has no tables. Every part of `work` runs in it. */
function inEmptyObject<T>(work: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = env.REGISTRY.getByName(`migrated-${++objects}`);
  return runInDurableObject(stub, (_, { storage }) => work(storage));
}

/** Every part of the schema in its order, and every row. */
function readAll({ sql }: DurableObjectStorage) {
  const parts = sql
    .exec<{ type: string; name: string; sql: string | null }>(
      "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB '_cf_*' ORDER BY name",
    )
    .toArray();
  const tables = parts.filter(({ type }) => type === "table").map(({ name }) => name);
  return {
    parts,
    columns: tables.map((name) => sql.exec(`SELECT * FROM pragma_table_info('${name}')`).toArray()),
    rows: tables.map((name) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()]),
  };
}

describe.each<[string, Steps]>([
  ["registry", REGISTRY_SCHEMA],
  ["user shard", USER_SHARD_SCHEMA],
  ["ledger", LEDGER_SCHEMA],
  ["webhook endpoint", WEBHOOK_ENDPOINT_SCHEMA],
])("a new %s", (_, schema) => {
  it("has after one text what the steps make, whatever was stored meanwhile", async () => {
    // A list that no object has seen yet: its first runs the steps.
    const steps = [...schema];
    const make = () =>
      inEmptyObject((storage) => {
        migrate(storage, steps);
        const found = readAll(storage);
        storage.sql.exec("INSERT INTO due (kind, id, at) VALUES ('kept', 'to itself', 1)");
        return found;
      });
    const first = await make();
    expect(first.rows).toContainEqual(["schema_version", [{ version: schema.length }]]);
    expect(await make()).toEqual(first);
    expect(await make()).toEqual(first);
  });

  it("takes nothing from another object of what isn't of the steps", async () => {
    const steps = [...schema];
    // A platform's own table and row: every object has it before its first step, whatever it is named.
    const make = (name: string) =>
      inEmptyObject((storage) => {
        storage.sql.exec("CREATE TABLE __platforms (name TEXT)");
        storage.sql.exec("INSERT INTO __platforms VALUES (?)", name);
        migrate(storage, steps);
        return readAll(storage).rows;
      });
    const first = await make("first");
    const second = await make("second");
    expect(first).toContainEqual(["__platforms", [{ name: "first" }]]);
    expect(second).toContainEqual(["__platforms", [{ name: "second" }]]);
  });

  it("takes later steps as one that went through all of them", async () => {
    const later = [
      ...schema,
      ["CREATE TABLE later (id TEXT PRIMARY KEY)", "INSERT INTO later VALUES ('it''s')"],
    ];
    const readMigrated = (storage: DurableObjectStorage) => {
      migrate(storage, later);
      return readAll(storage);
    };
    const steps = [...schema];
    await inEmptyObject((storage) => migrate(storage, steps));
    const upgraded = await inEmptyObject((storage) => {
      migrate(storage, steps);
      migrate(storage, later);
      return readAll(storage);
    });
    expect(await inEmptyObject(readMigrated)).toEqual(upgraded);
    expect(await inEmptyObject(readMigrated)).toEqual(upgraded);
  });
});

it("a step that fails leaves nothing, and its object can be made with the next version", async () => {
  const broken = [["CREATE TABLE one (id TEXT)"], ["INSERT INTO nowhere VALUES (1)"]];
  const found = await inEmptyObject((storage) => {
    expect(() => migrate(storage, broken)).toThrow("nowhere");
    const { parts } = readAll(storage);
    migrate(storage, [["CREATE TABLE one (id TEXT)"]]);
    return { parts, after: readAll(storage).rows };
  });
  expect(found.parts).toEqual([]);
  expect(found.after).toContainEqual(["one", []]);
});

it("goes forward again after a deployment was rolled back", async () => {
  const steps = [["CREATE TABLE one (a TEXT)"], ["ALTER TABLE one ADD COLUMN b TEXT"]];
  await inEmptyObject((storage) => {
    migrate(storage, steps);
    // The version before, whose code doesn't know the second step, and then the newer one once more.
    migrate(storage, [["CREATE TABLE one (a TEXT)"]]);
    migrate(storage, [...steps]);
    expect(storage.sql.exec("SELECT a, b FROM one").toArray()).toEqual([]);
    expect(storage.sql.exec("SELECT version FROM schema_version").one()).toEqual({ version: 2 });
  });
});
