import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { ONECALL } from "../../src/model/audit.ts";
import { firstIdAt, newId } from "../../src/model/ids.ts";
import { AUDIT_LINES, AUDIT_TTL_MS } from "../../src/model/limits.ts";
import { DueTable } from "../../src/objects/kit/due.ts";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { AuditStore } from "../../src/objects/registry/audit-store.ts";
import { REGISTRY_SCHEMA } from "../../src/objects/registry/schema.ts";
import { callAsAdmin, createApp, createChannels, type TestApp } from "../support/api.ts";
import { readAuditLog } from "../support/audit-log.ts";
import { bindings } from "../support/faults.ts";

const MOST = 5;
const CHANGE = { action: "key.created", target: { type: "key", id: "k" }, details: {} } as const;

const registryOf = (app: TestApp) => bindings.REGISTRY.getByName(app.id);

/** The ids that stand there, oldest first, and how many the registry says there are. */
function readLines(sql: SqlStorage): { ids: string[]; lines: number } {
  const ids = sql.exec<{ id: string }>("SELECT id FROM audit_log ORDER BY id").toArray();
  const { lines } = sql.exec<{ lines: number }>("SELECT lines FROM audit_size").one();
  return { ids: ids.map(({ id }) => id), lines };
}

/** A store of at most `MOST` lines in a registry that no app is in, and `count` lines put into it. */
function inStore<T>(work: (store: AuditStore, sql: SqlStorage) => T): Promise<T> {
  return runInDurableObject(bindings.REGISTRY.getByName(`audit-${newId()}`), (_, { storage }) => {
    migrate(storage, REGISTRY_SCHEMA);
    return work(new AuditStore(storage.sql, new DueTable(storage), MOST), storage.sql);
  });
}

function put(store: AuditStore, ids: readonly string[]): void {
  for (const id of ids) store.put(id, ONECALL, CHANGE);
}

const idsOf = (count: number) => Array.from({ length: count }, () => newId());

describe("the audit log's number of lines", () => {
  it("never exceeds its bound: the oldest go as new ones come", () =>
    inStore((store, sql) => {
      const ids = idsOf(3 * MOST);
      for (const [index, id] of ids.entries()) {
        put(store, [id]);
        const kept = ids.slice(Math.max(0, index + 1 - MOST), index + 1);
        expect(readLines(sql)).toEqual({ ids: kept, lines: kept.length });
      }
    }));

  it("isn't changed by a line that is there already", () =>
    inStore((store, sql) => {
      const ids = idsOf(MOST);
      put(store, ids);
      put(store, ids);
      expect(readLines(sql)).toEqual({ ids, lines: MOST });
    }));

  it("leaves a line out that comes late and is older than all", () =>
    inStore((store, sql) => {
      const [late = "", ...ids] = idsOf(MOST + 1);
      put(store, ids);
      put(store, [late, late]);
      expect(readLines(sql)).toEqual({ ids, lines: MOST });
    }));

  it("is right after lines have expired, and again at the bound", () =>
    inStore((store, sql) => {
      const now = Date.now();
      const old = Array.from({ length: 3 }, (_, index) => firstIdAt(now - AUDIT_TTL_MS - 10 + index));
      const ids = idsOf(MOST);
      put(store, [...old, ...ids.slice(0, 2)]);
      store.expire(now);
      expect(readLines(sql)).toEqual({ ids: ids.slice(0, 2), lines: 2 });
      store.expire(now);
      put(store, ids.slice(2));
      expect(readLines(sql)).toEqual({ ids, lines: MOST });
    }));

  it("comes down two lines at a time where an earlier version left more", () =>
    runInDurableObject(bindings.REGISTRY.getByName(`audit-${newId()}`), (_, { storage }) => {
      const step = REGISTRY_SCHEMA.findIndex((statements) => statements.join().includes("audit_size"));
      migrate(storage, REGISTRY_SCHEMA.slice(0, step));
      const old = idsOf(MOST + 3);
      storage.sql.exec(
        `INSERT INTO audit_log SELECT value, 1, 'admin', NULL, NULL, 'key.created', 'key', 'x', '{}', NULL
         FROM json_each(?)`,
        JSON.stringify(old),
      );
      migrate(storage, REGISTRY_SCHEMA);
      expect(readLines(storage.sql)).toEqual({ ids: old, lines: MOST + 3 });
      const store = new AuditStore(storage.sql, new DueTable(storage), MOST);
      const ids = idsOf(4);
      for (const [index, lines] of [MOST + 2, MOST + 1, MOST, MOST].entries()) {
        put(store, ids.slice(index, index + 1));
        expect(readLines(storage.sql).lines).toBe(lines);
      }
      expect(readLines(storage.sql).ids).toEqual([...old, ...ids].slice(-MOST));
    }));
});

describe("an app whose audit log has as many lines as it may", () => {
  it("goes on: a key is revoked, and the newest lines are there", async () => {
    const app = await createApp();
    await createChannels(app);
    const { body: key } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "old",
      scopes: ["read"],
    });
    const before = await readAuditLog(app);
    const setLines = (lines: number) =>
      runInDurableObject(registryOf(app), (_, { storage }) => {
        storage.sql.exec("UPDATE audit_size SET lines = ?", lines);
      });
    await setLines(AUDIT_LINES);
    for (const enabled of [false, true, false]) {
      expect((await app.api("PUT", "/channels/in-app-alerts", { enabled })).status).toBe(200);
    }
    expect((await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${key.id}`)).status).toBe(200);
    const after = await readAuditLog(app);
    expect(after.map(({ action }) => action).slice(0, 4)).toEqual([
      "key.revoked",
      "channel.updated",
      "channel.updated",
      "channel.updated",
    ]);
    expect(after.slice(4)).toEqual(before.slice(0, -4));
    await setLines(after.length);
  });
});

describe("a line of the audit log", () => {
  /** What SQLite keeps of a row in its page in a table without row ids: more would take a page of its own. */
  const MOST_IN_PAGE = 1002;

  it("is small whatever was changed: long texts in its details are cut", async () => {
    const app = await createApp();
    await createChannels(app);
    const long = (letter: string) => letter.repeat(128);
    const template = { channelKeys: ["in-app-alerts"], content: { "in-app-alerts": { text: "Hi" } } };
    const key = "k".repeat(128);
    const made = await app.api("POST", "/templates", {
      ...template,
      variableSchema: {},
      name: long("語"),
      category: long("\u0001"),
      key,
    });
    expect(made.status).toBe(201);
    const host = (letter: string) => `${letter.repeat(58)}.`.repeat(4);
    const events = ["notification.accepted", "notification.completed", "notification.failed"];
    const webhooks = { url: `https://${host("a")}example.com/`, events };
    const { body: webhook, status } = await app.api("POST", "/webhooks", webhooks);
    expect([status, webhook]).toMatchObject([201, {}]);
    const requestId = { "x-request-id": "r".repeat(128) };
    const changes: [string, object][] = [
      [
        `/templates/${key}`,
        {
          name: long("字"),
          category: long("\u0002"),
          content: { "in-app-alerts": { text: "Hello {{a}}" } },
          variableSchema: { a: { type: "string" } },
          placeholders: "single",
          status: "draft",
        },
      ],
      [
        `/webhooks/${webhook.id}`,
        {
          url: `https://${host("b")}example.com/`,
          events: ["delivery.failed", "delivery.viewed", "delivery.clicked", ...events],
          eventsPerCall: 100,
          enabled: false,
          description: "d",
        },
      ],
    ];
    for (const [path, body] of changes) {
      const answer = await app.api("PUT", path, body, requestId);
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    }
    const [ofWebhook, ofTemplate] = await readAuditLog(app);
    expect(ofWebhook.details.changes.host.to).toMatch(/^b+\.?b*…$/);
    expect(ofWebhook.details.changes.events.to).toHaveLength(6);
    expect(ofTemplate.details.changes.name.to).toMatch(/^字+…$/);
    expect(ofTemplate.details.fields).toContain("content");
    const largest = await runInDurableObject(registryOf(app), (_, { storage }) =>
      storage.sql
        .exec<{ bytes: number }>(
          `SELECT MAX(OCTET_LENGTH(CONCAT(id, at, actor_type, actor_key, actor_key_id, action, target_type, target_id,
             details, request_id))) AS bytes FROM audit_log`,
        )
        .one(),
    );
    // A row has a header of its own, a byte or two for each of ten columns.
    expect(largest.bytes).toBeLessThan(MOST_IN_PAGE - 20);
  });
});
