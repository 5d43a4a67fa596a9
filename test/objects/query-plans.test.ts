import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { LEDGER_SCHEMA } from "../../src/objects/ledger/schema.ts";
import { REGISTRY_SCHEMA } from "../../src/objects/registry/schema.ts";
import { USER_SHARD_SCHEMA } from "../../src/objects/user-shard/schema.ts";
import { WEBHOOK_ENDPOINT_SCHEMA } from "../../src/objects/webhook-endpoint/schema.ts";
import {
  ALLOWED,
  type Allowance,
  findAllowance,
  KNOWN,
  type ObjectName,
} from "../support/query-plans/allowed.ts";
import { describeFlaw, listCostlySteps, normalize } from "../support/query-plans/plan.ts";
import { listStatements, nullsFor } from "../support/query-plans/source-statements.ts";

const STATEMENTS = listStatements(
  import.meta.glob<string>("../../src/**/*.ts", { query: "?raw", import: "default", eager: true }),
);

/** What only the program can complete is explained where it is executed (record.ts): by these tests, among others. */
const COMPOSED: [statement: string, test: string][] = [
  ['DELETE FROM "…"', "operations/erasure"],
  ["UPDATE api_keys SET last_used_at = ?1, … = ?1", "apps/key-uses"],
  ['SELECT * FROM "…"', "objects/migrate"],
  ['INSERT INTO "…" VALUES (…)', "objects/migrate"],
  ["SELECT id FROM audit_log WHERE", "audit-log/reading"],
  ["SELECT id, header, completed_at, attempt FROM notifications WHERE …", "notifications/reading"],
  ["SELECT notification_id AS id, … AS totals FROM shard_reports", "notifications/reading"],
  [
    "SELECT t.id, t.key, t.name, t.category, t.status, t.version, t.approved_version",
    "templates/list-preview",
  ],
  ["INSERT INTO deliveries", "notifications/batch"],
  ["SELECT address_key AS addressKey, version FROM devices WHERE user_id = ? AND …", "push/devices"],
  ["UPDATE deliveries SET … = ?", "users/engagement"],
  [
    "SELECT notification_id, channel_key, content, viewed_at, clicked_at, header, part FROM deliveries",
    "users/feed",
  ],
  ["INSERT INTO pushes", "push/outcomes"],
  ["SELECT seq FROM webhook_outbox WHERE seq > 0 ORDER BY seq … LIMIT 1", "webhooks/events"],
  [
    "SELECT user_id, channel_type, attempt, content, remaining, accepted, is_slow, tries, claim_id, expires_at FROM pushes",
    "push/outcomes",
  ],
  ["SELECT channel_key AS channelKey, reason, COUNT(*) AS count FROM deliveries", "notifications/retry"],
  ["UPDATE deliveries SET status = 'pending'", "notifications/retry"],
  ["SELECT uid, name, avatar, link, role, status_message, phone_number, metadata, tags", "users/list-users"],
  ["SELECT COUNT(*) AS count FROM users", "users/cometchat-users"],
  ["DELETE FROM … WHERE id IN (SELECT id FROM … WHERE id < ? LIMIT ? + 0) RETURNING 1", "webhooks/schedule"],
];

const OBJECTS: [ObjectName, DurableObjectStub<undefined>, readonly (readonly string[])[]][] = [
  ["Registry", env.REGISTRY.getByName("query-plans"), REGISTRY_SCHEMA],
  ["Ledger", env.LEDGER.getByName("query-plans:2026-01-01"), LEDGER_SCHEMA],
  ["UserShard", env.USER_SHARD.getByName("query-plans:1"), USER_SHARD_SCHEMA],
  ["WebhookEndpoint", env.WEBHOOK_ENDPOINT.getByName("query-plans:1"), WEBHOOK_ENDPOINT_SCHEMA],
];

const COMPLETE = STATEMENTS.filter(({ holes }) => holes.length === 0);

interface Planned {
  object: ObjectName;
  text: string;
  /** Steps that read more than they are asked for. */
  steps: string[];
}

/** Each statement's plan in every object that has its tables. */
async function planAll(): Promise<Planned[]> {
  const plans = OBJECTS.map(([object, stub, schema]) =>
    runInDurableObject(stub, (_, { storage }) => {
      migrate(storage, schema);
      const execute = storage.sql.exec.bind(storage.sql);
      return COMPLETE.flatMap(({ text }): Planned[] => {
        try {
          const steps = listCostlySteps(execute, text, nullsFor(text));
          return [{ object, text: normalize(text), steps }];
        } catch (error) {
          // Of another object.
          if (/no such (table|column)|has no column/.test(String(error))) return [];
          throw new Error(`can't be prepared in ${object}: ${text}`, { cause: error });
        }
      });
    }),
  );
  return (await Promise.all(plans)).flat();
}

describe("every statement of every object", () => {
  it("is found in the source and can be planned", async () => {
    expect(COMPLETE.length).toBeGreaterThan(150);
    const planned = new Set((await planAll()).map(({ text }) => text));
    const missing = COMPLETE.filter(({ text }) => !planned.has(normalize(text)));
    expect(missing).toEqual([]);
  });

  it("reads what it is asked for and nothing else, but for what allowed.ts names", async () => {
    const flaws = (await planAll()).flatMap(({ object, text, steps }) =>
      steps
        .filter((step) => findAllowance(object, text, step) === null)
        .map((step) => describeFlaw({ object, statement: text, step })),
    );
    expect(flaws).toEqual([]);
  });

  it("is completed by the program only where a test is named that executes it", () => {
    const unnamed = STATEMENTS.filter(({ holes }) => holes.length > 0)
      .map(({ text }) => normalize(text))
      .filter((text) => !COMPOSED.some(([beginning]) => text.startsWith(beginning)));
    expect(unnamed).toEqual([]);
    const found = Object.keys(import.meta.glob("../**/*.test.ts", { query: "?raw", import: "default" }));
    const files = found.map((file) => file.replace(/^\.\//, "../objects/"));
    expect(COMPOSED.filter(([, test]) => !files.includes(`../${test}.test.ts`))).toEqual([]);
  });

  it("has no bare parameter for its limit: SQLite would compile it anew at each call", () => {
    // Its planner reads such a value, so a statement is only good for that one (docs/storage.md).
    const bare = STATEMENTS.filter(({ text }) => /\bLIMIT\s+\?\d*(?!\d|\s*\+ 0)/.test(text));
    expect(bare.map(({ text }) => normalize(text))).toEqual([]);
  });

  it("needs what is allowed: an allowance that nothing uses goes", async () => {
    const planned = await planAll();
    const composed = STATEMENTS.filter(({ holes }) => holes.length > 0).map(({ text }) => normalize(text));
    const used = new Set<Allowance | null>(
      planned.flatMap(({ object, text, steps }) => steps.map((step) => findAllowance(object, text, step))),
    );
    for (const text of composed) for (const [object] of OBJECTS) used.add(findAllowance(object, text, ""));
    expect([...ALLOWED, ...KNOWN].filter((allowance) => !used.has(allowance))).toEqual([]);
  });
});

describe("the plan of a statement", () => {
  const [, shard] = OBJECTS[2] ?? OBJECTS[0] ?? [];
  const stepsOf = (text: string): Promise<string[]> => {
    if (shard === undefined) throw new Error("no object");
    return runInDurableObject(shard, (_, { storage }) => {
      migrate(storage, USER_SHARD_SCHEMA);
      return listCostlySteps(storage.sql.exec.bind(storage.sql), text, nullsFor(text));
    });
  };

  it.each([
    ["SELECT 1 FROM deliveries WHERE content = ?", "SCAN deliveries"],
    ["SELECT 1 FROM deliveries WHERE notification_id = ?", "SCAN deliveries"],
    ["DELETE FROM deliveries WHERE viewed_at < ?", "SCAN deliveries"],
    ["SELECT MIN(updated_at) FROM users", "SEARCH users USING PRIMARY KEY"],
    ["SELECT 1 FROM users ORDER BY name LIMIT 1", "USE TEMP B-TREE FOR ORDER BY"],
    ["SELECT 1 FROM pushes WHERE channel_key = ?", "SEARCH pushes USING PRIMARY KEY (channel_key=?)"],
  ])("of %s is costly", async (text, step) => {
    expect(await stepsOf(text)).toContain(step);
  });

  it.each([
    "SELECT 1 FROM deliveries WHERE user_id = ?",
    "SELECT value FROM json_each(?)",
    "DELETE FROM users WHERE uid IN (SELECT value FROM json_each(?))",
  ])("of %s isn't", async (text) => {
    expect(await stepsOf(text)).toEqual([]);
  });
});
