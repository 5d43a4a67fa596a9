import { beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, API, type Body, callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { as, callFromPage, OWN_PAGE, signIn } from "../support/dashboard.ts";

/** How somebody signs in to the dashboard, and what its cookie is good for. */

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

/** What browsers say of calls by pages that aren't the dashboard's. */
const ELSEWHERE: Record<string, string>[] = [
  {},
  { "sec-fetch-site": "cross-site", origin: "https://evil.test" },
  { "sec-fetch-site": "same-site", origin: "https://other.onecall.test" },
  { "sec-fetch-site": "none" },
  { "sec-fetch-site": "cross-site", origin: "https://onecall.test" },
  { origin: "https://evil.test" },
  { origin: "https://onecall.test.evil.test" },
  { origin: "http://onecall.test" },
  { origin: "null" },
];

describe("signing in", () => {
  it("exchanges an API key for a cookie that scripts can't read, and that ends in twelve hours", async () => {
    const { answer } = await signIn({ token: app.apiKey });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      role: "key",
      app: { id: app.id, name: "Test app" },
      scopes: ["send", "read", "manage"],
      key: `****${app.apiKey.slice(-4)}`,
      expiresAt: expect.any(String),
    });
    const hours = (Date.parse(answer.body.expiresAt) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThanOrEqual(12);
    const set = answer.headers.get("set-cookie") ?? "";
    expect(set).toMatch(
      /^__Host-onecall=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
    );
    // Encrypted: what it was made of isn't in it.
    const decoded = set.split(/[=.;]/).map((part) => {
      try {
        return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
      } catch {
        return part;
      }
    });
    expect(decoded.join()).not.toContain(app.apiKey);
    expect(JSON.stringify(answer.body)).not.toContain(app.apiKey);
  });

  it("exchanges the admin token for the operator's", async () => {
    const { answer, cookie } = await signIn({ token: ADMIN_TOKEN });
    expect(answer.body).toMatchObject({ role: "operator", app: null, key: null });
    expect((await callFromPage("GET", "/admin/apps", as(cookie))).status).toBe(200);
  });

  it("is refused for what is neither, for a revoked key, and for bodies of another form", async () => {
    for (const token of ["nonsense", `oc_${app.id}_${"x".repeat(43)}`, `oc_no-such-app_${"x".repeat(43)}`]) {
      const { answer } = await signIn({ token });
      expect([token, answer.status, answer.headers.get("set-cookie")]).toEqual([token, 401, null]);
    }
    for (const body of [{}, { token: "" }, { token: "a", code: "b" }, { key: "a" }]) {
      expect((await signIn(body)).answer.status).toBe(400);
    }
  });

  it("is for the dashboard's own page, over https or on this machine", async () => {
    const body = { token: app.apiKey };
    for (const headers of ELSEWHERE) {
      const answer = await callFromPage("POST", "/dashboard/session", { body, headers });
      expect([headers, answer.status]).toEqual([headers, 403]);
    }
    // An older browser says its origin alone.
    const headers = { origin: "https://onecall.test", "cf-connecting-ip": "198.51.100.1" };
    expect((await callFromPage("POST", "/dashboard/session", { body, headers })).status).toBe(200);
    const plain = await callFromPage("POST", "/dashboard/session", { body, origin: "http://onecall.test" });
    expect([plain.status, plain.body.error.code]).toEqual([403, "ERR_FORBIDDEN"]);
    const local = await callFromPage("POST", "/dashboard/session", {
      body,
      origin: "http://localhost:18300",
      headers: { ...OWN_PAGE, "cf-connecting-ip": "198.51.100.2" },
    });
    expect(local.headers.get("set-cookie")).toMatch(
      /^onecall-local-18300=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
  });

  it("is limited to ten a minute and address, right or wrong", async () => {
    const headers = { ...OWN_PAGE, "cf-connecting-ip": "198.51.100.77" };
    const tryOnce = (token: string) =>
      callFromPage("POST", "/dashboard/session", { body: { token }, headers });
    for (let index = 0; index < 10; index++) expect((await tryOnce("wrong")).status).toBe(401);
    const refused = await tryOnce(app.apiKey);
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect((await signIn({ token: app.apiKey })).answer.status).toBe(200);
  });

  it("stands in the app's audit log, and so does the operator's look into it", async () => {
    const own = await createReadyApp();
    await signIn({ token: own.apiKey });
    const { cookie } = await signIn({ token: ADMIN_TOKEN });
    const opened = await callFromPage("POST", "/dashboard/session/app", {
      ...as(cookie),
      body: { app: own.id },
    });
    expect(opened.body).toEqual({ id: own.id, name: "Test app" });
    const { body } = await own.api("GET", "/audit-log?action=dashboard.opened");
    expect(body.data.map(({ actor }: Body) => actor.type)).toEqual(["admin", "api_key"]);
    expect(body.data[1].actor.key).toBe(`****${own.apiKey.slice(-4)}`);
  });
});

describe("the session", () => {
  it("says who is signed in, and signing out takes it away", async () => {
    const { cookie } = await signIn({ token: app.apiKey });
    const found = await callFromPage("GET", "/dashboard/session", as(cookie));
    expect(found.body).toMatchObject({ role: "key", app: { id: app.id } });
    expect((await callFromPage("GET", "/dashboard/session")).body).toEqual({
      role: "nobody",
      app: null,
      scopes: [],
      key: null,
      expiresAt: null,
    });
    const out = await callFromPage("DELETE", "/dashboard/session", as(cookie));
    expect(out.headers.get("set-cookie")).toMatch(/^__Host-onecall=; .*Max-Age=0/);
    const elsewhere = { headers: { cookie, "sec-fetch-site": "cross-site" } };
    expect((await callFromPage("DELETE", "/dashboard/session", elsewhere)).status).toBe(403);
  });

  it("may do what its key may, in its key's app", async () => {
    const other = await createReadyApp();
    const { cookie } = await signIn({ token: (await app.keyWith(["read"])).apiKey });
    expect((await callFromPage("GET", `${API}/channels`, as(cookie))).status).toBe(200);
    expect((await callFromPage("GET", "/v3/users", as(cookie))).status).toBe(200);
    const post = { ...as(cookie), body: { name: "More", type: "in_app" } };
    expect((await callFromPage("POST", `${API}/channels`, post)).status).toBe(403);
    expect((await callFromPage("GET", `${API}/channels`, as(cookie, { appid: other.id }))).status).toBe(401);
    expect((await callFromPage("GET", "/admin/apps", as(cookie))).status).toBe(401);
    const enter = { ...as(cookie), body: { app: other.id } };
    expect((await callFromPage("POST", "/dashboard/session/app", enter)).status).toBe(403);
  });

  it("ends with its key, at once", async () => {
    const made = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "k", scopes: ["read"] });
    const { cookie } = await signIn({ token: made.body.apiKey });
    expect((await callFromPage("GET", `${API}/channels`, as(cookie))).status).toBe(200);
    await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${made.body.id}`);
    for (const path of [`${API}/channels`, "/dashboard/session"]) {
      expect((await callFromPage("GET", path, as(cookie))).status).toBe(401);
    }
  });

  it("ends with the root secret of its app", async () => {
    const own = await createReadyApp();
    const { cookie } = await signIn({ token: own.apiKey });
    await callAsAdmin("POST", `/admin/apps/${own.id}/rotate-root-secret`, { gracePeriodHours: 0 });
    expect((await callFromPage("GET", `${API}/channels`, as(cookie))).status).toBe(401);
  });

  it("lets the operator into the app that a call names", async () => {
    const { cookie } = await signIn({ token: ADMIN_TOKEN });
    const named = as(cookie, { appid: app.id });
    expect((await callFromPage("GET", `${API}/channels`, named)).body.data).toHaveLength(2);
    expect((await callFromPage("GET", `${API}/channels`, as(cookie))).status).toBe(401);
    const none = await callFromPage("GET", `${API}/channels`, as(cookie, { appid: "no-such-app" }));
    expect(none.status).toBe(404);
    const template = { key: "order-confirmation", variables: { mia: { customerName: "M", orderId: "1" } } };
    const sent = await callFromPage("POST", `${API}/notifications/send`, {
      ...named,
      body: { template, targets: ["mia"], mode: "batch" },
    });
    expect(sent.body.sentFrom).toEqual({ type: "api", value: "****operator" });
    const { body } = await app.api("GET", "/audit-log?actor=admin&action=notification.sent");
    expect(body.data[0]).toMatchObject({
      actor: { type: "admin", key: null },
      target: { id: sent.body.notificationId },
    });
  });

  it("isn't taken for the platform family, nor for a user's feed", async () => {
    const { cookie } = await signIn({ token: app.apiKey });
    expect((await callFromPage("GET", "/v1/storage/targets_files", as(cookie))).status).toBe(401);
    expect((await callFromPage("GET", `${API}/feed`, as(cookie))).status).toBe(401);
  });
});

describe("a page of elsewhere", () => {
  it("does nothing with the cookie, whatever its browser sends with it", async () => {
    const { cookie } = await signIn({ token: app.apiKey });
    const admin = (await signIn({ token: ADMIN_TOKEN })).cookie;
    const body = { name: "Evil", type: "in_app" };
    for (const headers of ELSEWHERE) {
      const posted = await callFromPage("POST", `${API}/channels`, { headers: { ...headers, cookie }, body });
      expect([headers, posted.status, posted.body.error.code]).toEqual([headers, 401, "ERR_UNAUTHORIZED"]);
      const read = await callFromPage("GET", `${API}/notifications`, { headers: { ...headers, cookie } });
      expect(read.status).toBe(401);
      expect(read.headers.get("access-control-allow-origin")).toBeNull();
      const apps = await callFromPage("GET", "/admin/apps", { headers: { ...headers, cookie: admin } });
      expect(apps.status).toBe(401);
    }
    expect((await app.api("GET", "/channels")).body.data).toHaveLength(2);
  });

  it("finds no use for a cookie that was changed, or was made elsewhere", async () => {
    const { cookie } = await signIn({ token: app.apiKey });
    const [name = "", value = ""] = cookie.split("=");
    const [header = "", ...rest] = value.split(".");
    const otherApp = await createReadyApp();
    const forged = btoa(JSON.stringify({ alg: "dir", enc: "A256GCM", kid: `${otherApp.id}.1` }));
    const none = btoa(JSON.stringify({ alg: "none", kid: "operator" }));
    for (const changed of [
      `${value.slice(0, -3)}AAA`,
      [forged.replaceAll("=", ""), ...rest].join("."),
      [none.replaceAll("=", ""), ...rest].join("."),
      header,
      "nonsense",
      "a.b.c.d.e",
    ]) {
      const answer = await callFromPage("GET", `${API}/channels`, as(`${name}=${changed}`));
      expect([changed.slice(0, 20), answer.status]).toEqual([changed.slice(0, 20), 401]);
    }
  });
});
