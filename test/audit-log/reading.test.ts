import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { firstIdAt, newId } from "../../src/model/ids.ts";
import {
  API,
  type Body,
  call,
  callAsAdmin,
  createApp,
  createReadyApp,
  type TestApp,
} from "../support/api.ts";
import { readAuditLog, readAuditPage, readAuditPages } from "../support/audit-log.ts";
import { bindings, callWith, unreachable } from "../support/faults.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
/** An app key that only sends. */
let sender: TestApp;
const sent: string[] = [];
let whole: Body[];

const idsOf = (entries: readonly Body[]): string[] => entries.map(({ id }) => id);
const actionsOf = (entries: readonly Body[]): string[] => entries.map(({ action }) => action);

async function send(by: TestApp, mode: string, tag?: string): Promise<void> {
  const { body } = await by.send({ template: { key: "order-confirmation" }, targets: ["u1"], mode, tag });
  sent.push(body.notificationId);
  await waitUntilCompleted(app, body.notificationId);
}

beforeAll(async () => {
  app = await createReadyApp({ variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } });
  sender = await app.keyWith(["send"]);
  await send(app, "batch", "orders");
  await app.api("PUT", "/channels/mobile-push", { enabled: false });
  await send(sender, "realtime");
  await app.api("PUT", "/channels/mobile-push", { enabled: true });
  await send(app, "batch");
  whole = await readAuditLog(app);
});

describe("GET {api}/audit-log", () => {
  it("merges changes and notifications, newest first", () => {
    expect(actionsOf(whole)).toEqual([
      "notification.sent",
      "channel.updated",
      "notification.sent",
      "channel.updated",
      "notification.sent",
      "key.created",
      "template.approved",
      "template.created",
      "channel.created",
      "channel.created",
      "key.created",
      "app.created",
    ]);
    const ids = idsOf(whole);
    expect(ids).toEqual(ids.toSorted().toReversed());
  });

  it("shows a notification by the masked key that sent it, and nothing of what was sent", async () => {
    const [, id = "", batch] = [sent[2], sent[1], sent[0]];
    const { createdAt, sentBy } = await app.notification(id);
    expect(whole.find((entry) => entry.id === id)).toEqual({
      id,
      at: createdAt,
      actor: { type: "api_key", key: `****${sender.apiKey.slice(-4)}`, keyId: sentBy.keyId },
      action: "notification.sent",
      target: { type: "notification", id },
      details: {
        mode: "realtime",
        templateKey: "order-confirmation",
        templateVersion: 1,
        total: 1,
        tag: null,
        via: "api",
      },
      requestId: null,
    });
    expect(whole.find((entry) => entry.id === batch).details).toMatchObject({ mode: "batch", tag: "orders" });
  });

  it.each([1, 2, 3, 5])("pages by %i over both, without a gap or a repeat", async (limit) => {
    const pages = await readAuditPages(app, { limit });
    expect(pages.flat()).toEqual(whole);
    for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
  });

  it("filters by action and by the target's type", async () => {
    for (const name of ["channel.updated", "notification.sent", "key.revoked"]) {
      const fitting = whole.filter(({ action }) => action === name);
      expect(await readAuditLog(app, { action: name })).toEqual(fitting);
    }
    for (const name of ["channel", "notification", "key", "targets_file"]) {
      const fitting = whole.filter(({ target }) => target.type === name);
      expect(await readAuditLog(app, { targetType: name })).toEqual(fitting);
      expect((await readAuditPages(app, { targetType: name, limit: 1 })).flat()).toEqual(fitting);
    }
    expect(await readAuditLog(app, { action: "channel.updated", targetType: "notification" })).toEqual([]);
  });

  it("filters by the target's id, a notification's too, within the other filters", async () => {
    const { body: channel } = await app.api("GET", "/channels/mobile-push");
    const lines = await readAuditLog(app, { targetId: channel.id });
    expect(actionsOf(lines)).toEqual(["channel.updated", "channel.updated", "channel.created"]);
    const [first = "", second = ""] = sent;
    expect(idsOf(await readAuditLog(app, { targetId: first }))).toEqual([first]);
    const actor = `****${sender.apiKey.slice(-4)}`;
    expect(idsOf(await readAuditLog(app, { targetId: second, actor }))).toEqual([second]);
    expect(await readAuditLog(app, { targetId: first, actor })).toEqual([]);
    expect(await readAuditLog(app, { targetId: first, targetType: "channel" })).toEqual([]);
    expect(await readAuditLog(app, { targetId: first, to: "2020-01-01" })).toEqual([]);
    for (const targetId of ["none", newId(), firstIdAt(0)])
      expect(await readAuditLog(app, { targetId })).toEqual([]);
  });

  it("filters by actor: the admin, a masked key, a key's id", async () => {
    const admin = await readAuditLog(app, { actor: "admin" });
    expect(actionsOf(admin)).toEqual(["key.created", "key.created", "app.created"]);
    const [key] = (await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data;
    const byKey = whole.filter(({ actor }) => actor.key === key.key);
    expect(await readAuditLog(app, { actor: key.key })).toEqual(byKey);
    expect((await readAuditPages(app, { actor: key.key, limit: 1 })).flat()).toEqual(byKey);
    expect(actionsOf(byKey)).toContain("notification.sent");
    expect(await readAuditLog(app, { actor: key.id })).toEqual(byKey);
    expect(idsOf(await readAuditLog(app, { actor: `****${sender.apiKey.slice(-4)}` }))).toEqual([sent[1]]);
  });

  it("filters by time, both ends included", async () => {
    const at = whole[3].at;
    expect(await readAuditLog(app, { from: at })).toEqual(whole.filter((entry) => entry.at >= at));
    expect(await readAuditLog(app, { to: at })).toEqual(whole.filter((entry) => entry.at <= at));
    const day = new Date().toISOString().slice(0, 10);
    expect(await readAuditLog(app, { from: day, to: day })).toEqual(whole);
    expect(await readAuditLog(app, { from: "2020-01-01", to: "2020-01-02" })).toEqual([]);
  });

  it("names every wrong parameter", async () => {
    const { status, body } = await app.api(
      "GET",
      "/audit-log?limit=0&action=x&targetType=person&actor=abcd&from=yesterday&to=never",
    );
    expect(status).toBe(400);
    expect(Object.keys(body.error.details).sort()).toEqual([
      "action",
      "actor",
      "from",
      "limit",
      "targetType",
      "to",
    ]);
    for (const cursor of ["zzz", btoa('["zzz"]')]) {
      const answer = await app.api("GET", `/audit-log?cursor=${cursor}`);
      expect([answer.status, Object.keys(answer.body.error.details)]).toEqual([400, ["cursor"]]);
    }
  });

  it("is for keys that may manage", async () => {
    const { status, body } = await (await app.keyWith(["send", "read"])).api("GET", "/audit-log");
    expect([status, body.error.code]).toEqual([403, "ERR_FORBIDDEN"]);
    expect((await call("GET", `${API}/audit-log`)).status).toBe(401);
  });

  it("shows an app nothing of another's", async () => {
    const other = await createApp();
    expect(await readAuditLog(other)).toHaveLength(2);
    for (const { id, target } of whole) {
      expect(await readAuditLog(other, { targetId: id })).toEqual([]);
      if (target.type !== "app") expect(await readAuditLog(other, { targetId: target.id })).toEqual([]);
    }
  });

  it("visits no ledger where the filter leaves notifications out", async () => {
    const LEDGER = unreachable<typeof bindings.LEDGER extends DurableObjectNamespace<infer T> ? T : never>();
    const read = (query: string) => callWith({ LEDGER }, app, "GET", `/audit-log?${query}`);
    for (const query of ["action=template.created", "targetType=key", "actor=onecall"])
      expect((await read(query)).status).toBe(200);
    expect((await read("")).status).toBe(503);
  });
});

describe("a log of many rows", () => {
  const LOOK = 10_000;
  let busy: TestApp;
  let rows: string[];
  let actor: string;
  let all: Body[];

  beforeAll(async () => {
    busy = await createReadyApp({ variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } });
    actor = `****${busy.apiKey.slice(-4)}`;
    const sendOne = async () => {
      const body = { template: { key: "order-confirmation" }, targets: ["u1"], mode: "batch" };
      await waitUntilCompleted(busy, (await busy.send(body)).body.notificationId);
    };
    await sendOne();
    const before = await readAuditLog(busy);
    rows = Array.from({ length: 2.5 * LOOK }, () => newId());
    await runInDurableObject(bindings.REGISTRY.getByName(busy.id), (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO audit_log SELECT value, 1, 'admin', NULL, NULL, 'key.created', 'key', value, '{}', NULL
         FROM json_each(?)`,
        JSON.stringify(rows),
      );
    });
    await sendOne();
    all = [...(await readAuditPage(busy, { limit: 1 })).data, ...before];
  });

  it("looks at a bounded number of them for a page, which then is short and has a cursor", async () => {
    const pages = await readAuditPages(busy, { action: "app.created" });
    expect(pages.map(({ length }) => length)).toEqual([0, 0, 1]);
    expect(pages[2]).toEqual(all.slice(-1));
  });

  it("loses none where a look ends", async () => {
    for (const place of [LOOK - 1, LOOK, LOOK + 1]) {
      const targetId = rows.at(-place) ?? "";
      expect(idsOf(await readAuditLog(busy, { targetId }))).toEqual([targetId]);
    }
  });

  it("repeats none of the notifications that are older than where a look ended", async () => {
    const byKey = all.filter((entry) => entry.actor.key === actor);
    expect(byKey).toHaveLength(6);
    const pages = await readAuditPages(busy, { actor });
    expect(pages.map(({ length }) => length)).toEqual([1, 0, 5]);
    expect(pages.flat()).toEqual(byKey);
  });
});
