import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { type Body, callAsAdmin, createApp, createChannels, type TestApp } from "../support/api.ts";
import { changesOf, readAuditLog } from "../support/audit-log.ts";
import { bindings } from "../support/faults.ts";
import { providers } from "../support/push.ts";
import { uploadCsv } from "../support/targets-files.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
});

const channel = (id: string) => ({ type: "channel", id });
const template = (id: string) => ({ type: "template", id });

describe("the audit log of an app and its keys", () => {
  it("begins with the app and its first key, both made by the admin in one request", async () => {
    const [key, created] = await readAuditLog(app);
    expect(created).toEqual({
      id: expect.stringMatching(UUID),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      actor: { type: "admin", key: null, keyId: null },
      action: "app.created",
      target: { type: "app", id: app.id },
      details: { name: "Test app" },
      requestId: expect.any(String),
    });
    expect(key).toMatchObject({
      action: "key.created",
      actor: created.actor,
      details: { name: "default", scopes: ["send", "read", "manage"], key: `****${app.apiKey.slice(-4)}` },
      requestId: created.requestId,
    });
  });

  it("has a key's creation and revocation, and nothing of the key itself", async () => {
    const { body: key } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "shop",
      scopes: ["read"],
    });
    await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${key.id}`);
    const details = { name: "shop", scopes: ["read"], key: key.key };
    expect(await changesOf(app)).toEqual([
      { action: "key.created", target: { type: "key", id: key.id }, details },
      { action: "key.revoked", target: { type: "key", id: key.id }, details },
    ]);
    expect(JSON.stringify(await readAuditLog(app))).not.toContain(key.apiKey);
  });
});

describe("the audit log of channels", () => {
  it("says by which key and in which request a channel was made and changed", async () => {
    const { body: made } = await app.api("POST", "/channels", { name: "Alerts", type: "in_app" });
    await app.api(
      "PUT",
      "/channels/alerts",
      { name: "News", enabled: false },
      { "x-request-id": "the-change" },
    );
    expect(await changesOf(app)).toEqual([
      {
        action: "channel.created",
        target: channel(made.id),
        details: { key: "alerts", name: "Alerts", type: "in_app", enabled: true },
      },
      {
        action: "channel.updated",
        target: channel(made.id),
        details: {
          key: "alerts",
          changes: { name: { from: "Alerts", to: "News" }, enabled: { from: true, to: false } },
        },
      },
    ]);
    const [key] = (await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data;
    expect((await readAuditLog(app))[0]).toMatchObject({
      actor: { type: "api_key", key: key.key, keyId: key.id },
      requestId: "the-change",
    });
  });

  it("shows providers by fingerprints and names of fields, never a key or an account", async () => {
    const [first, second] = await Promise.all([providers.createProject(), providers.createProject()]);
    const { fcm, apns } = first.credentials;
    const { body: made } = await app.api("POST", "/channels", {
      name: "Push",
      type: "push",
      providers: { fcm, apns },
    });
    const { body: changed } = await app.api("PUT", "/channels/push", {
      providers: {
        apns: { ...apns, topic: "com.example.other" },
        fcm: null,
        webpush: second.credentials.webpush,
      },
    });
    const fingerprint = (shown: Body, name: string) => shown.providers[name].fingerprint;
    const allOf = {
      fcm: ["projectId", "clientEmail", "privateKey"],
      webpush: ["publicKey", "subject", "privateKey"],
    };
    const [, , updated] = await changesOf(app);
    expect(await changesOf(app, { action: "channel.providers_updated" })).toEqual([
      {
        action: "channel.providers_updated",
        target: channel(made.id),
        details: {
          key: "push",
          providers: {
            fcm: { from: null, to: fingerprint(made, "fcm"), fields: allOf.fcm },
            apns: {
              from: null,
              to: fingerprint(made, "apns"),
              fields: ["keyId", "teamId", "topic", "privateKey"],
            },
          },
        },
      },
      updated,
    ]);
    expect(updated.details.providers).toEqual({
      fcm: { from: fingerprint(made, "fcm"), to: null, fields: allOf.fcm },
      apns: { from: fingerprint(made, "apns"), to: fingerprint(made, "apns"), fields: ["topic"] },
      webpush: { from: null, to: fingerprint(changed, "webpush"), fields: allOf.webpush },
    });
    const log = JSON.stringify(await readAuditLog(app));
    for (const secret of [
      fcm.client_email,
      fcm.private_key,
      apns.privateKey,
      second.credentials.webpush.privateKey,
    ]) {
      expect(log).not.toContain(JSON.stringify(secret).slice(1, -1));
    }
    expect(log).not.toContain("PRIVATE KEY");
  });

  it("has no line for what changed nothing or was refused", async () => {
    const { apns } = (await providers.createProject()).credentials;
    await app.api("POST", "/channels", { name: "Push", type: "push", providers: { apns } });
    const before = await readAuditLog(app);
    for (const body of [
      {},
      { name: "Push", enabled: true },
      { providers: { apns } },
      { providers: { fcm: null } },
    ])
      expect((await app.api("PUT", "/channels/push", body)).status).toBe(200);
    expect((await app.api("PUT", "/channels/push", { key: "other" })).status).toBe(400);
    expect((await app.api("PUT", "/channels/none", { name: "x" })).status).toBe(404);
    expect((await app.api("POST", "/channels", { name: "Push", type: "push" })).status).toBe(409);
    expect((await callAsAdmin("POST", "/admin/apps", { id: app.id, name: "Again" })).status).toBe(409);
    expect((await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/none`)).status).toBe(404);
    expect(await readAuditLog(app)).toEqual(before);
  });
});

describe("the audit log of templates", () => {
  const content = (text: string) => ({ "in-app-alerts": { text } });
  const variables = { name: { type: "string" } };
  let id: string;
  beforeEach(async () => {
    await createChannels(app);
    const { body } = await app.api("POST", "/templates", {
      name: "Hello",
      category: "news",
      channelKeys: ["in-app-alerts"],
      content: content("Secret words for {{name}}"),
      variableSchema: variables,
    });
    id = body.id;
  });
  const update = (body: object) => app.api("PUT", "/templates/hello", body);

  it("tells creation, change, approval and archiving apart, with versions and the names of what changed", async () => {
    await update({ status: "approved" });
    await update({ name: "Hi", content: content("Other words for {{name}}"), status: "approved" });
    await update({ content: content("Draft"), variableSchema: {} });
    await update({ status: "draft" });
    await update({ status: "archived" });
    const lines = (await changesOf(app)).filter(({ target }) => target.type === "template");
    expect(lines).toEqual([
      {
        action: "template.created",
        target: template(id),
        details: { key: "hello", name: "Hello", category: "news", version: 1 },
      },
      {
        action: "template.approved",
        target: template(id),
        details: {
          key: "hello",
          version: 1,
          changes: { status: { from: "draft", to: "approved" }, approvedVersion: { from: null, to: 1 } },
        },
      },
      {
        action: "template.updated",
        target: template(id),
        details: {
          key: "hello",
          fields: ["name", "content"],
          changes: { name: { from: "Hello", to: "Hi" }, version: { from: 1, to: 2 } },
        },
      },
      {
        action: "template.approved",
        target: template(id),
        details: { key: "hello", version: 2, changes: { approvedVersion: { from: 1, to: 2 } } },
      },
      {
        action: "template.updated",
        target: template(id),
        details: {
          key: "hello",
          fields: ["content", "variableSchema"],
          changes: { version: { from: 2, to: 3 } },
        },
      },
      {
        action: "template.updated",
        target: template(id),
        details: {
          key: "hello",
          fields: ["status"],
          changes: { status: { from: "approved", to: "draft" }, approvedVersion: { from: 2, to: null } },
        },
      },
      {
        action: "template.archived",
        target: template(id),
        details: { key: "hello", version: 3, changes: { status: { from: "draft", to: "archived" } } },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain("words");
  });

  it("has no line for what changed nothing or was refused", async () => {
    await update({ status: "approved" });
    const before = await readAuditLog(app);
    for (const body of [{}, { status: "approved" }, { name: "Hello", variableSchema: variables }])
      expect((await update(body)).status).toBe(200);
    expect((await update({ content: content("{{unknown}}"), status: "approved" })).status).toBe(400);
    expect((await app.api("POST", "/templates", { name: "Hello", channelKeys: [] })).status).toBe(409);
    expect((await app.api("POST", "/templates", { name: "X", channelKeys: ["none"] })).status).toBe(400);
    expect(await readAuditLog(app)).toEqual(before);
  });
});

describe("a change whose line can't be written", () => {
  it("isn't made", async () => {
    await createChannels(app);
    await uploadCsv(app, "kept.csv", "user_id\nu1\n");
    const registry = bindings.REGISTRY.getByName(app.id);
    const rename = (from: string, to: string) =>
      runInDurableObject(registry, (_, { storage }) => {
        storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    const before = (await app.api("GET", "/channels")).body;
    await rename("audit_log", "out_of_reach");
    const answers = [
      await app.api("PUT", "/channels/in-app-alerts", { enabled: false }),
      await app.api("POST", "/channels", { name: "New", type: "in_app" }),
      await app.api("DELETE", "/targets-files/kept.csv"),
      await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "k", scopes: ["read"] }),
    ];
    await rename("out_of_reach", "audit_log");
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
    expect((await app.api("GET", "/channels")).body).toEqual(before);
    expect((await app.api("GET", "/targets-files/kept.csv")).status).toBe(200);
    expect((await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data).toHaveLength(1);
  });
});
