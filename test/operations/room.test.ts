import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { API, callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { replaceIn, rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { shardOf, shardStubOf, usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const PLAIN = { variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } };
/** So little room that what every object has is more than four fifths of it. */
const FULL = { OBJECT_BYTES: "1000" };

const bodyTo = (targets: string[], mode: string) => ({
  template: { key: "order-confirmation" },
  targets,
  mode,
});

async function send(app: TestApp, uid: string): Promise<string> {
  const sent = await app.send(bodyTo([uid], "realtime"));
  expect(sent.status).toBe(200);
  await waitUntilCompleted(app, sent.body.notificationId);
  return sent.body.notificationId;
}

const ledgerOf = (app: TestApp, id: string) =>
  bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));

describe("a user shard that is nearly full", () => {
  it("refuses sends with 507 and stores nothing of them; reads, views and deletions go on", async () => {
    const app = await createReadyApp(PLAIN);
    const id = await send(app, "ann");
    const ann = await app.asUser("ann");
    const undo = await replaceIn(await shardStubOf(app, "ann"), FULL);
    const refused = await app.send(bodyTo(["ann"], "realtime"));
    expect([refused.status, refused.body.error.code]).toEqual([507, "ERR_STORAGE_FULL"]);
    expect((await ann("GET", "/feed")).body.data).toHaveLength(1);
    expect((await ann("POST", `/feed/${id}/viewed`)).status).toBe(200);
    await vi.waitFor(async () => {
      expect((await app.notification(id)).counts["in-app-alerts"].viewed).toBe(1);
    }, PATIENTLY);
    expect((await app.call("DELETE", "/v3/users/ann")).status).toBe(200);
    undo();
    await send(app, "ann");
  });
});

describe("a ledger that is nearly full", () => {
  it("refuses batches with 507; what shards report is kept for it, and what it knows goes on", async () => {
    const app = await createReadyApp(PLAIN);
    const known = await send(app, "ann");
    const ledger = ledgerOf(app, known);
    const undo = await replaceIn(ledger, FULL);
    const batch = await app.send(bodyTo(["ann", "bob"], "batch"));
    expect([batch.status, batch.body.error.code]).toEqual([507, "ERR_STORAGE_FULL"]);
    const sent = await app.send(bodyTo(["ann"], "realtime"));
    expect(sent.status).toBe(200);
    const ann = await app.asUser("ann");
    expect((await ann("POST", `/feed/${known}/viewed`)).status).toBe(200);
    // The one has no room; the other's view is only an update.
    await vi.waitFor(async () => {
      expect((await app.notification(known)).counts["in-app-alerts"].viewed).toBe(1);
    }, PATIENTLY);
    expect((await app.api("GET", `/notifications/${sent.body.notificationId}`)).status).toBe(200);
    expect((await app.api("GET", "/notifications")).body.data).toHaveLength(1);
    const shard = await shardStubOf(app, "ann");
    expect(await rowsIn(shard, "notifications WHERE version > reported_version")).toBe(1);
    undo();
    await vi.waitFor(async () => {
      await wake(shard, "flush");
      expect((await app.api("GET", "/notifications")).body.data).toHaveLength(2);
    }, PATIENTLY);
  });
});

describe("a registry that is nearly full", () => {
  it("takes no more templates, channels and webhooks; revoking and archiving go on", async () => {
    const app = await createReadyApp(PLAIN);
    const scoped = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "old", scopes: ["read"] });
    const undo = await replaceIn(env.REGISTRY.getByName(app.id), FULL);
    const template = { name: "more", key: "more", channelKeys: ["in-app-alerts"], ...PLAIN };
    for (const [path, body] of [
      ["/templates", template],
      ["/channels", { name: "More", type: "in_app" }],
      ["/webhooks", { url: "https://example.com/", events: ["notification.completed"] }],
    ] as const) {
      const answer = await app.api("POST", path, body);
      expect([path, answer.status, answer.body.error?.code]).toEqual([path, 507, "ERR_STORAGE_FULL"]);
    }
    const revoked = await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${scoped.body.id}`);
    expect(revoked.status).toBe(200);
    expect((await app.api("PUT", "/templates/order-confirmation", { status: "archived" })).status).toBe(200);
    undo();
    expect((await app.api("POST", "/templates", template)).status).toBe(201);
  });
});

describe("an app's status", () => {
  it("names its largest objects, with their bytes and share of their room", async () => {
    const app = await createReadyApp(PLAIN);
    const id = await send(app, "ann");
    const { body } = await callAsAdmin("GET", `/admin/apps/${app.id}/status`);
    const day = parseNotificationId(id)?.day;
    const kinds = body.largestObjects.map(({ kind, name }: { kind: string; name: string }) => [kind, name]);
    expect(kinds).toEqual(
      expect.arrayContaining([
        ["registry", app.id],
        ["ledger", `${app.id}:${day}`],
        ["user_shard", (await shardStubOf(app, "ann")).name],
      ]),
    );
    for (const { bytes, share } of body.largestObjects) {
      expect(bytes).toBeGreaterThan(10_000);
      expect(share).toBeCloseTo(bytes / 1e10, 8);
    }
    const listed = await callAsAdmin("GET", "/admin/status?limit=10");
    expect(listed.body.data.every((entry: object) => "largestObjects" in entry)).toBe(true);
  });

  it("names a shard that has batches alone, from a hundredth of its room on", async () => {
    const app = await createReadyApp(PLAIN);
    const shard = await shardStubOf(app, "ann");
    // An empty one has some 200 KB.
    const undo = await replaceIn(shard, { OBJECT_BYTES: "5000000" });
    const { body: sent } = await app.send(bodyTo(["ann", "bob"], "batch"));
    await waitUntilCompleted(app, sent.notificationId);
    const { body } = await callAsAdmin("GET", `/admin/apps/${app.id}/status`);
    const sizes = body.largestObjects.filter(({ kind }: { kind: string }) => kind === "user_shard");
    expect(sizes).toEqual([
      { kind: "user_shard", name: shard.name, bytes: expect.any(Number), share: expect.any(Number) },
    ]);
    expect(sizes[0].share).toBeCloseTo(sizes[0].bytes / 5_000_000, 8);
    undo();
  });
});

describe("what a tenant can make without end", () => {
  it("stops at a registry's room, in a template's new version too; what makes none goes on", async () => {
    const app = await createReadyApp(PLAIN);
    const undo = await replaceIn(env.REGISTRY.getByName(app.id), FULL);
    for (const change of [
      { variableSchema: { name: { type: "string", required: false } } },
      { placeholders: "single" },
      { content: { "in-app-alerts": { text: "Hello" } } },
    ]) {
      const answer = await app.api("PUT", "/templates/order-confirmation", change);
      expect([answer.status, answer.body.error?.code]).toEqual([507, "ERR_STORAGE_FULL"]);
    }
    expect((await app.api("PUT", "/templates/order-confirmation", { name: "Other" })).status).toBe(200);
    expect((await app.api("GET", "/templates/order-confirmation")).body).toMatchObject({ version: 1 });
    undo();
  });

  it("stops at a user shard's room: new users by a token or an address, larger records, unknown deletions", async () => {
    const app = await createReadyApp(PLAIN);
    const ann = await app.asUser("ann");
    const device = (token: string) => ({ provider: "fcm", token });
    expect((await ann("POST", "/feed/devices", device("known-device"))).status).toBe(201);
    const shard = await shardStubOf(app, "ann");
    const undo = await replaceIn(shard, FULL);
    const before = await rowsIn(shard, "deleted_users");
    const [stranger = ""] = await usersOfShard(app, await shardOf(app, "ann"), 1);
    const refused: [string, string, object?][] = [
      ["POST", `/v3/users/${stranger}/auth_tokens`],
      ["POST", `/v3/users/${stranger}/devices`, device("new-device")],
      ["POST", "/v3/users/ann/devices", device("new-device")],
      ["PUT", "/v3/users/ann", { metadata: { note: "x".repeat(200) } }],
      ["DELETE", `${API}/users/${stranger}`],
    ];
    for (const [method, path, body] of refused) {
      const answer = await app.call(method, path, body);
      expect([method, path, answer.status, answer.body.error?.code]).toEqual([
        method,
        path,
        507,
        "ERR_STORAGE_FULL",
      ]);
    }
    expect(await rowsIn(shard, "deleted_users")).toBe(before);
    const goesOn: [string, string, object?][] = [
      ["POST", "/v3/users/ann/auth_tokens"],
      ["POST", "/v3/users/ann/devices", device("known-device")],
      ["PUT", "/v3/users/ann", { name: "A" }],
      ["POST", "/v3/users/ann/auth_tokens/revoke"],
      ["DELETE", `${API}/users/ann`],
    ];
    for (const [method, path, body] of goesOn) {
      const answer = await app.call(method, path, body);
      expect([method, path, answer.status < 300]).toEqual([method, path, true]);
    }
    undo();
    expect((await app.api("DELETE", `/users/${stranger}`)).status).toBe(404);
  });

  it("leaves room for deletions where batches fill a shard: what is left of them waits", async () => {
    const app = await createReadyApp(PLAIN);
    await app.asUser("ann");
    const shard = await shardStubOf(app, "ann");
    const undo = await replaceIn(shard, FULL);
    const sent = await app.send(bodyTo(["ann"], "batch"));
    expect(sent.status).toBe(200);
    const request = await app.notification(sent.body.notificationId);
    expect(request.counts["in-app-alerts"]).toMatchObject({ total: 1, pending: 1, delivered: 0 });
    expect(await rowsIn(shard, "segments")).toBe(0);
    expect((await app.api("DELETE", "/users/ann")).status).toBe(200);
    undo();
    await waitUntilCompleted(app, sent.body.notificationId);
  });

  it("stops at a shard's room for batches too, once the shard has said how large it is", async () => {
    const app = await createReadyApp(PLAIN);
    const shard = await shardStubOf(app, "ann");
    const bytes = await runInDurableObject(shard, (_, { storage }) => storage.sql.databaseSize);
    const undo = await replaceIn(shard, { OBJECT_BYTES: String(Math.round(bytes / 0.85)) });
    const { body: sent } = await app.send(bodyTo(["ann"], "batch"));
    await waitUntilCompleted(app, sent.notificationId);
    const refused = await app.send(bodyTo(["ann"], "batch"));
    expect([refused.status, refused.body.error?.code]).toEqual([507, "ERR_STORAGE_FULL"]);
    undo();
  });

  it("stops at a thousand removed tokens of a user; all are revoked, and it goes on", async () => {
    const app = await createReadyApp(PLAIN);
    await app.asUser("ann");
    const shard = await shardStubOf(app, "ann");
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec(
        `INSERT INTO user_tokens (uid, issued_at, expires_at, is_removed, generation)
         SELECT 'ann', value, ?, 1, 1 FROM json_each(?)`,
        Date.now() + 1_000_000,
        JSON.stringify(Array.from({ length: 1000 }, (_, index) => index + 1)),
      );
    });
    const issue = () => app.call("POST", "/v3/users/ann/auth_tokens");
    const refused = await issue();
    expect([refused.status, refused.body.error?.code]).toEqual([409, "ERR_CONFLICT"]);
    expect((await app.call("POST", "/v3/users/ann/auth_tokens/revoke")).status).toBe(200);
    expect(await rowsIn(shard, "user_tokens")).toBe(0);
    expect((await issue()).status).toBeLessThan(300);
  });
});
