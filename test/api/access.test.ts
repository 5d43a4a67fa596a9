import { base64url, SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { API } from "../../src/api/business-messaging/paths.ts";
import { UPLOAD_PATH } from "../../src/api/targets-files.ts";
import type { Scope } from "../../src/model/app.ts";
import { ADMIN_TOKEN, type Answer, call, callAsAdmin, createReadyApp, TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { keyHeadersOf, ROUTE_CASES, type RouteCase } from "../support/routes.ts";
import { openSocket } from "../support/sockets.ts";

/** Who may call a route: an API key with a scope (by either header), a user's client, the admin, anybody. */
type Access = Scope | "user" | "admin" | "session" | "signed form" | "anybody";

/** The access of every route, by what it matches first: a new route fails here until somebody has decided. */
const RULES: [pattern: RegExp, access: Access][] = [
  [/^GET \/(health|docs|openapi\.json)?$/, "anybody"],
  [/^\w+ \/admin\//, "admin"],
  [/^\w+ \/dashboard\/session$/, "anybody"],
  [/^POST \/dashboard\/session\/app$/, "session"],
  [new RegExp(`^POST ${UPLOAD_PATH}$`), "signed form"],
  [new RegExp(`^\\w+ ${API}/feed(/|$)`), "user"],
  [/^POST .*\/notifications\/(send|messages)$/, "send"],
  [/^POST .*\/notifications\/:notification\/retry$/, "send"],
  [/^POST .*\/analytics\/events$/, "send"],
  [/^POST .*\/channels\/:channel\/test$/, "send"],
  [/^(POST|DELETE) .*\/targets[-_]files\/.*$/, "send"],
  [/^POST .*\/templates\/:template\/preview$/, "read"],
  [/^(POST|PUT) .*\/(channels|templates)(\/:\w+)?$/, "manage"],
  [/^POST .*\/channels\/:channel\/rotate-secret$/, "manage"],
  [/^POST .*\/auth_tokens\/read_only$/, "read"],
  [/^(POST|PUT|DELETE) .*\/users(\/.*)?$/, "manage"],
  [/^GET .*\/(audit-log|auth_tokens)$/, "manage"],
  [/^(POST|PUT|DELETE) .*\/webhooks(\/.*)?$/, "manage"],
  [
    /^GET .*\/(notifications|channels|templates|targets[-_]files|users|user-count|analytics|webhooks)(\/.*)?$/,
    "read",
  ],
];

const SCOPES: Scope[] = ["send", "read", "manage"];

/** What a route declares, in the words of the rules. */
function declaredAccess({ access }: RouteCase["route"]): Access {
  if (access.scope !== null) return access.scope;
  const { credential } = access;
  if (credential === "user" || credential === "looker" || credential === "socket") return "user";
  if (credential === "admin" || credential === "session") return credential;
  return credential === "form" ? "signed form" : "anybody";
}

const accessOf = ({ method, pattern }: RouteCase): Access | undefined =>
  RULES.find(([rule]) => rule.test(`${method} ${pattern}`))?.[1];
const withKey = ROUTE_CASES.filter(({ route }) => route.access.scope !== null);
const withToken = ROUTE_CASES.filter(({ route }) => declaredAccess(route) === "user");
const withAdmin = ROUTE_CASES.filter(({ route }) => declaredAccess(route) === "admin");

it("every route declares who may call it, and that is what was decided here", () => {
  for (const one of ROUTE_CASES) {
    const name = `${one.method} ${one.pattern}`;
    expect([name, declaredAccess(one.route)]).toEqual([name, accessOf(one)]);
  }
});

let app: TestApp;
let other: TestApp;
let revoked: TestApp;
const scoped = new Map<Scope, TestApp>();
const tokens = new Map<string, string>();

beforeAll(async () => {
  [app, other] = await Promise.all([createReadyApp(), createReadyApp()]);
  for (const scope of SCOPES) scoped.set(scope, await app.keyWith([scope]));
  const made = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "gone", scopes: SCOPES });
  expect((await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${made.body.id}`)).status).toBe(200);
  revoked = new TestApp(app.id, made.body.apiKey);
  await app.copiesAreCurrent();
  await makeTokens();
});

/** Tokens that no route may take, by what is wrong with them. */
async function makeTokens(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: app.id, sub: "mia", aud: "feed", iat: now, exp: now + 3600 };
  const encode = (part: object) => base64url.encode(JSON.stringify(part));
  const sign = async (key: Uint8Array, changes: object = {}) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
  const [own, others] = await Promise.all([feedKeyOf(app), feedKeyOf(other)]);
  // What is made here by hand would be let in, were nothing wrong with it.
  const good = await sign(own);
  const header = { authorization: `Bearer ${good}` };
  expect((await call("GET", `${API}/feed`, { headers: header })).status).toBe(200);
  tokens.set("an expired one", await sign(own, { iat: now - 7200, exp: now - 3600 }));
  tokens.set("one that never ends", await sign(own, { exp: undefined }));
  tokens.set("one signed by another app's secret", await sign(others));
  tokens.set("one that names another app", await sign(own, { iss: other.id }));
  tokens.set("one that names no app", await sign(own, { iss: "no-such-app" }));
  tokens.set("a socket's ticket", await sign(own, { aud: "socket" }));
  tokens.set("one with alg none", `${encode({ alg: "none", typ: "JWT" })}.${encode(claims)}.`);
  tokens.set(
    "one with alg none and a signature",
    `${encode({ alg: "none" })}.${good.split(".").slice(1).join(".")}`,
  );
  tokens.set(
    "one whose claims were changed",
    [good.split(".")[0], encode({ ...claims, sub: "leo" }), good.split(".")[2]].join("."),
  );
  tokens.set("an API key", app.apiKey);
  tokens.set("the admin token", ADMIN_TOKEN);
  tokens.set("nonsense", "a.b.c");
  tokens.set("good", good);
}

/** The key that an app's user tokens are signed with, derived as documented, from the registry's secret. */
async function feedKeyOf({ id }: TestApp): Promise<Uint8Array> {
  const secret = (await bindings.REGISTRY.getByName(id).getRootSecret()) ?? "";
  const encoder = new TextEncoder();
  const root = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const info = encoder.encode("onecall feed token v1");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(derivation, root, 256));
}

const pathOf = (pattern: string) => pattern.replaceAll(/:\w+/g, "x");

function request({ method, pattern }: RouteCase, headers: Record<string, string>): Promise<Answer> {
  const isSocket = pattern.endsWith("/socket");
  const { authorization = "" } = headers;
  const upgrade: Record<string, string> = isSocket
    ? { upgrade: "websocket", "sec-websocket-protocol": authorization.replace("Bearer ", "") }
    : {};
  // Some is only looked at behind what is checked here.
  const given = pattern.endsWith("/devices")
    ? { provider: "fcm", token: "token" }
    : pattern.endsWith("/addresses/webhook")
      ? { url: "https://hooks.example.com/x" }
      : pattern.endsWith("/feed/viewed")
        ? { items: [{ notificationId: "x" }] }
        : {};
  const body = method === "GET" || method === "DELETE" ? undefined : given;
  return call(method, pathOf(pattern), { headers: { ...headers, ...upgrade }, body });
}

/** Refused, in the family's own envelope, saying nothing but that. */
async function expectRefused(
  route: RouteCase,
  headers: Record<string, string>,
  status: number,
): Promise<void> {
  if (route.pattern.endsWith("/feed/socket") && status === 401) {
    const { authorization = "" } = headers;
    const socket = await openSocket([authorization.replace("Bearer ", "")]);
    await vi.waitFor(() => expect(socket.closed?.code).toBe(4401), PATIENTLY);
    expect(socket.messages).toEqual([]);
    return;
  }
  const answer = await request(route, headers);
  const context = `${route.method} ${route.pattern}: ${JSON.stringify(answer.body)}`;
  expect(answer.status, context).toBe(status);
  if (route.route.access.credential === "api-token" && isPlatformCall(route.pattern, headers)) {
    expect(answer.body, context).toEqual({
      error: true,
      code: expect.any(Number),
      message: expect.any(String),
    });
  } else {
    const code = status === 401 ? "ERR_UNAUTHORIZED" : "ERR_FORBIDDEN";
    expect(answer.body.error, context).toMatchObject({ code, message: expect.any(String) });
  }
}

/** The envelope of `/v3/users` is told by the key's header, that of the others by the path. */
const isPlatformCall = (pattern: string, headers: Record<string, string>): boolean =>
  /^\/v[12]\//.test(pattern) || ("api-token" in headers && !("apikey" in headers));

const headersOf = ({ id, apiKey }: TestApp) => ({ appid: id, apikey: apiKey, "api-token": apiKey });

describe("every route that takes an API key", () => {
  it("refuses a call without one", async () => {
    for (const route of withKey) await expectRefused(route, {}, 401);
  });

  it.each(["x", "", "null", "undefined"])("refuses the key %j", async (wrong) => {
    for (const route of withKey) {
      await expectRefused(route, keyHeadersOf(route, new TestApp(app.id, wrong)), 401);
    }
  });

  it("refuses a key of its form that nobody has", async () => {
    const made = `${app.apiKey.slice(0, -4)}AAAA`;
    for (const route of withKey)
      await expectRefused(route, keyHeadersOf(route, new TestApp(app.id, made)), 401);
  });

  it("refuses another app's key under this app's name", async () => {
    const renamed = other.apiKey.replace(other.id, app.id);
    for (const route of withKey) {
      const isToken = route.route.access.credential === "api-token";
      const headers = keyHeadersOf(route, new TestApp(app.id, isToken ? renamed : other.apiKey));
      await expectRefused(route, headers, 401);
    }
  });

  it("refuses a key that was revoked", async () => {
    for (const route of withKey) await expectRefused(route, keyHeadersOf(route, revoked), 401);
  });

  it("refuses a user's token and the admin's, in whatever header", async () => {
    for (const token of [tokens.get("good") ?? "", ADMIN_TOKEN]) {
      const headers = { authorization: `Bearer ${token}` };
      for (const route of withKey) {
        await expectRefused(route, headers, 401);
        const asKey = keyHeadersOf(route, new TestApp(app.id, token));
        await expectRefused(route, { ...headers, ...asKey }, 401);
      }
    }
  });

  it("refuses a key without its scope, and takes one that has just that", async () => {
    for (const route of withKey) {
      for (const scope of SCOPES) {
        const key = scoped.get(scope);
        if (key === undefined) throw new Error("No key");
        if (scope !== route.route.access.scope) await expectRefused(route, keyHeadersOf(route, key), 403);
        else expect([401, 403]).not.toContain((await request(route, keyHeadersOf(route, key))).status);
      }
    }
  });
});

describe("every route that takes a user's token", () => {
  it("refuses a call without one, and one with an API key", async () => {
    for (const route of withToken) {
      await expectRefused(route, {}, 401);
      await expectRefused(route, headersOf(app), 401);
    }
  });

  it("refuses every token that isn't one", async () => {
    for (const [what, token] of tokens) {
      if (what === "good") continue;
      for (const route of withToken) await expectRefused(route, { authorization: `Bearer ${token}` }, 401);
    }
  });

  it("refuses one that is older than its user's deletion", async () => {
    const token = await app.tokenFor("gone");
    expect((await app.call("DELETE", "/v3/business-messaging/api/users/gone")).status).toBe(200);
    for (const route of withToken) await expectRefused(route, { authorization: `Bearer ${token}` }, 401);
  });
});

describe("every admin route", () => {
  it("refuses whoever isn't the admin", async () => {
    const others = ["", app.apiKey, tokens.get("good") ?? "", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1)];
    for (const route of withAdmin) {
      await expectRefused(route, {}, 401);
      await expectRefused(route, headersOf(app), 401);
      for (const token of others) await expectRefused(route, { authorization: `Bearer ${token}` }, 401);
    }
  });

  it("takes the admin", async () => {
    for (const route of withAdmin) {
      const answer = await request(route, { authorization: `Bearer ${ADMIN_TOKEN}` });
      expect([401, 403]).not.toContain(answer.status);
    }
  });
});

it("a path that isn't a route says nothing to anybody", async () => {
  for (const headers of [{}, headersOf(app)]) {
    const answer = await call("GET", `${API}/nothing`, { headers });
    expect([answer.status, answer.body.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
  }
});
