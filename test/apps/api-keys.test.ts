import { beforeAll, describe, expect, it } from "vitest";
import { API, type Body, call, callAsAdmin, createApp, createReadyApp, TestApp } from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

async function createKey(scopes: string[], name = "a key"): Promise<{ body: Body; caller: TestApp }> {
  const { body } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name, scopes });
  return { body, caller: new TestApp(app.id, body.apiKey) };
}
const listKeys = async () => (await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data;

describe("an API key", () => {
  it("is shown once, then only its last four characters", async () => {
    const { body } = await createKey(["send", "read"], "shop server");
    expect(body).toEqual({
      id: expect.any(String),
      name: "shop server",
      scopes: ["send", "read"],
      key: `****${body.apiKey.slice(-4)}`,
      apiKey: expect.stringMatching(new RegExp(`^oc_${app.id}_[\\w-]{43}$`)),
      createdAt: expect.any(String),
      lastUsedAt: null,
      uses: { send: null, read: null, manage: null },
    });
    const { apiKey, ...listed } = body;
    const keys = await listKeys();
    expect(keys).toContainEqual(listed);
    expect(JSON.stringify(keys)).not.toContain(apiKey);
  });

  it("has every scope where it is the app's first", async () => {
    expect((await listKeys())[0]).toMatchObject({ name: "default", scopes: ["send", "read", "manage"] });
  });

  it("has each scope once", async () => {
    expect((await createKey(["read", "read"])).body.scopes).toEqual(["read"]);
  });

  it.each([
    [{}, ["name", "scopes"]],
    [{ name: "k", scopes: [] }, ["scopes"]],
    [{ name: "k", scopes: "send" }, ["scopes"]],
    [{ name: "", scopes: ["send"] }, ["name"]],
  ])("isn't made from %j", async (given, fields) => {
    const { status, body } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, given);
    expect([status, Object.keys(body.error.details).sort()]).toEqual([400, fields]);
  });

  it("isn't made with a scope that there isn't", async () => {
    const given = { name: "k", scopes: ["read", "admin"] };
    expect((await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, given)).status).toBe(400);
  });

  it("lets nobody in after it was revoked, and is listed no more", async () => {
    const { body, caller } = await createKey(["read"]);
    expect((await caller.api("GET", "/channels")).status).toBe(200);
    const revoked = await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${body.id}`);
    expect([revoked.status, revoked.body.revoked, revoked.body.id]).toEqual([200, true, body.id]);
    const { status, body: refusal } = await caller.api("GET", "/channels");
    expect([status, refusal.error.code]).toEqual([401, "ERR_UNAUTHORIZED"]);
    expect((await listKeys()).map((key: Body) => key.id)).not.toContain(body.id);
    expect((await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${body.id}`)).status).toBe(404);
    expect((await app.api("GET", "/channels")).status).toBe(200);
  });

  it("isn't revoked through another app", async () => {
    const other = await createApp();
    const { body, caller } = await createKey(["read"]);
    expect((await callAsAdmin("DELETE", `/admin/apps/${other.id}/keys/${body.id}`)).status).toBe(404);
    expect((await caller.api("GET", "/channels")).status).toBe(200);
  });
});

describe("wrong credentials", () => {
  it("are 401, whatever is wrong with them", async () => {
    const other = await createApp();
    const tampered = `${app.apiKey.slice(0, -1)}${app.apiKey.endsWith("A") ? "B" : "A"}`;
    const offers: Record<string, string>[] = [
      {},
      { appid: app.id },
      { apikey: tampered },
      { apikey: app.id },
      { appid: "", apikey: app.apiKey },
      { appid: app.id, apikey: tampered },
      { appid: app.id, apikey: "" },
      { appid: app.id, apikey: "not a key" },
      { appid: app.id, apikey: `oc_nobody_${"x".repeat(43)}` },
      { appid: other.id, apikey: app.apiKey },
      { appid: app.id, apikey: other.apiKey },
      { appid: "__proto__", apikey: app.apiKey },
      { authorization: `Bearer ${app.apiKey}` },
      { appid: app.id, apikey: await app.tokenFor("jane") },
    ];
    for (const headers of offers) {
      const { status, body } = await call("GET", `${API}/channels`, { headers });
      expect([status, body.error.code], JSON.stringify(headers)).toEqual([401, "ERR_UNAUTHORIZED"]);
    }
  });
});

describe("an API key alone", () => {
  it("means its own app, in every family that has the header", async () => {
    const headers = { apikey: app.apiKey };
    for (const path of [`${API}/channels`, "/v3/users"]) {
      expect((await call("GET", path, { headers })).status).toBe(200);
    }
    const bodies: [path: string, body: object][] = [
      [`${API}/notifications/send`, { template: { key: "none" }, targets: ["mia"], mode: "realtime" }],
      ["/api/notifications/send", { template: { key: "none" }, targets: ["mia"], mode: "realtime" }],
      ["/notifications/messages", { templateId: "none", receivers: ["mia"] }],
      ["/v3/campaigns/notifications/messages", { templateId: "none", receivers: ["mia"] }],
    ];
    for (const [path, body] of bodies) {
      const answer = await call("POST", path, { headers, body });
      expect([answer.status, answer.body.error.code]).toEqual([404, "ERR_TEMPLATE_NOT_FOUND"]);
    }
  });
});

describe("a scope", () => {
  const SEND = { template: { key: "order-confirmation" }, targets: ["jane"], mode: "realtime" };
  const ROUTES: [scope: string, method: string, path: string, body?: unknown][] = [
    ["send", "POST", `${API}/notifications/send`, SEND],
    ["send", "POST", "/api/notifications/send", SEND],
    ["read", "GET", `${API}/notifications`],
    ["read", "GET", `${API}/notifications/01900000-0000-7000-8000-000000000000`],
    ["read", "GET", `${API}/channels`],
    ["read", "GET", `${API}/channels/availability`],
    ["read", "GET", `${API}/channels/in-app-alerts`],
    ["manage", "POST", `${API}/channels`, { name: "In-app alerts", type: "in_app" }],
    ["manage", "PUT", `${API}/channels/in-app-alerts`, {}],
    ["read", "GET", `${API}/templates`],
    ["read", "GET", `${API}/templates/order-confirmation`],
    ["read", "GET", `${API}/templates/order-confirmation/versions`],
    ["read", "POST", `${API}/templates/order-confirmation/preview`, {}],
    ["manage", "POST", `${API}/templates`, { name: "Order confirmation", channelKeys: [] }],
    ["manage", "PUT", `${API}/templates/order-confirmation`, {}],
    ["read", "GET", "/v3/business-messaging/api/users"],
    ["read", "GET", "/v3/business-messaging/api/users/jane"],
    ["manage", "POST", "/v3/business-messaging/api/users", { uid: "jane" }],
    ["manage", "PUT", "/v3/business-messaging/api/users/nobody", {}],
    ["manage", "DELETE", "/v3/business-messaging/api/users/nobody"],
    ["manage", "POST", "/v3/business-messaging/api/users/jane/auth_tokens"],
  ];

  it("opens its routes and no others", async () => {
    for (const scope of ["send", "read", "manage"]) {
      const { caller } = await createKey([scope]);
      for (const [needed, method, path, body] of ROUTES) {
        const answer = await caller.call(method, path, body);
        const outcome = answer.status === 403 ? answer.body.error.code : "let in";
        expect(outcome, `${scope}: ${method} ${path}`).toBe(needed === scope ? "let in" : "ERR_FORBIDDEN");
        expect(answer.status).not.toBe(401);
        expect(answer.status).toBeLessThan(500);
      }
    }
  });
});
