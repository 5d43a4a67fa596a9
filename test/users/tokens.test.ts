import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { API, call, callWithToken, createApp, type TestApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";

let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  app = await createApp();
  other = await createApp();
});

const decodePart = (token: string, part: number) => JSON.parse(atob(token.split(".")[part] ?? ""));
const encodePart = (value: object) =>
  btoa(JSON.stringify(value)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");

/** The token with other claims or another header, its signature left as it was. */
function tamper(token: string, change: { header?: object; claims?: object }): string {
  const [header = "", claims = "", signature = ""] = token.split(".");
  return [
    change.header ? encodePart({ ...decodePart(token, 0), ...change.header }) : header,
    change.claims ? encodePart({ ...decodePart(token, 1), ...change.claims }) : claims,
    signature,
  ].join(".");
}

async function statusOf(token: string): Promise<number> {
  return (await callWithToken(token)("GET", "/feed")).status;
}

describe("a user's token", () => {
  it("is issued for a day, names app and user, and creates the user", async () => {
    const before = Date.now();
    const { status, body } = await app.call("POST", "/v3/business-messaging/api/users/new-user/auth_tokens");
    expect(status).toBe(201);
    expect(Object.keys(body).sort()).toEqual(["authToken", "expiresAt"]);
    const ttlMs = Date.parse(body.expiresAt) - before;
    expect(Math.abs(ttlMs - 24 * 60 * 60 * 1000)).toBeLessThan(60_000);
    expect(decodePart(body.authToken, 0)).toEqual({ alg: "HS256", typ: "JWT" });
    expect(decodePart(body.authToken, 1)).toMatchObject({ iss: app.id, sub: "new-user", aud: "feed" });
    expect((await app.call("GET", "/v3/business-messaging/api/users/new-user")).body.uid).toBe("new-user");
    expect(await statusOf(body.authToken)).toBe(200);
  });

  it("leaves a user that exists as it is", async () => {
    const { body: user } = await app.call("POST", "/v3/business-messaging/api/users", {
      uid: "jane",
      name: "Jane",
      role: "vip",
    });
    await app.api("POST", "/users/jane/auth_tokens");
    expect((await app.call("GET", "/v3/business-messaging/api/users/jane")).body).toEqual(user);
  });

  it("lasts as long as it is asked to, 30 days at most", async () => {
    const { body } = await app.call("POST", "/v3/business-messaging/api/users/jane/auth_tokens", {
      expiresInSeconds: 60,
    });
    expect(Date.parse(body.expiresAt) - Date.now()).toBeLessThanOrEqual(60_000);
    expect(decodePart(body.authToken, 1).exp * 1000).toBe(Date.parse(body.expiresAt));
    for (const expiresInSeconds of [0, -1, 1.5, "60", 30 * 24 * 60 * 60 + 1]) {
      const answer = await app.call("POST", "/v3/business-messaging/api/users/jane/auth_tokens", {
        expiresInSeconds,
      });
      expect([answer.status, Object.keys(answer.body.error.details)]).toEqual([400, ["expiresInSeconds"]]);
    }
  });

  it("isn't issued for what can't be a user", async () => {
    for (const uid of ["x".repeat(256), "%00", "a%0Ab"]) {
      const { status, body } = await app.call("POST", `/v3/business-messaging/api/users/${uid}/auth_tokens`);
      expect([status, Object.keys(body.error.details)]).toEqual([400, ["uid"]]);
    }
  });

  it("needs no other header, and no other header changes whose it is", async () => {
    const authorization = `Bearer ${await app.tokenFor("jane")}`;
    const headers = { authorization, appid: other.id, apikey: other.apiKey };
    expect((await call("GET", `${API}/feed`, { headers })).status).toBe(200);
  });
});

describe("a feed refuses", () => {
  it("a token that has expired", async () => {
    const token = await app.tokenFor("jane", { expiresInSeconds: 1 });
    await expect.poll(() => statusOf(token), PATIENTLY).toBe(401);
  });

  it("no token, or something else in its place", async () => {
    for (const authorization of [
      "",
      "Bearer",
      "Bearer ",
      "Basic abc",
      "Bearer a.b.c",
      `Bearer ${app.apiKey}`,
    ]) {
      const { status, body } = await call("GET", `${API}/feed`, { headers: { authorization } });
      expect([status, body.error.code], authorization).toEqual([401, "ERR_UNAUTHORIZED"]);
    }
    expect((await app.api("GET", "/feed")).status).toBe(401);
  });

  it("a token whose claims were changed", async () => {
    const token = await app.tokenFor("jane");
    expect(await statusOf(tamper(token, { claims: {} }))).toBe(200);
    for (const claims of [
      { sub: "bob" },
      { iss: other.id },
      { iss: "nobody" },
      { exp: 9_999_999_999 },
      { iss: 7 },
    ]) {
      expect(await statusOf(tamper(token, { claims })), JSON.stringify(claims)).toBe(401);
    }
  });

  it("a token without a signature", async () => {
    const token = await app.tokenFor("jane");
    for (const alg of ["none", "None", "NONE"]) {
      const [header, claims] = tamper(token, { header: { alg } }).split(".");
      expect(await statusOf(`${header}.${claims}.`)).toBe(401);
    }
    expect(await statusOf(tamper(token, { header: { alg: "HS512" } }))).toBe(401);
    expect(await statusOf(token.slice(0, token.lastIndexOf(".") + 1))).toBe(401);
  });

  it("a token that was signed with anything the public knows", async () => {
    for (const secret of [app.id, app.apiKey, "secret", "0".repeat(32)]) {
      const token = await new SignJWT({})
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(app.id)
        .setSubject("jane")
        .setAudience("feed")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(secret));
      expect(await statusOf(token)).toBe(401);
    }
  });

  it("a socket's ticket, which is of another audience", async () => {
    const asJane = await app.asUser("jane");
    const { status, body } = await asJane("POST", "/feed/socket-ticket");
    expect(status).toBe(201);
    expect(decodePart(body.ticket, 1).aud).toBe("socket");
    const lastsMs = Date.parse(body.expiresAt) - Date.now();
    expect(lastsMs).toBeGreaterThan(55_000);
    expect(lastsMs).toBeLessThanOrEqual(60_000);
    expect(await statusOf(body.ticket)).toBe(401);
    expect((await callWithToken(body.ticket)("POST", "/feed/socket-ticket")).status).toBe(401);
  });
});

it("doesn't let a user's token into server-side routes", async () => {
  const token = await app.tokenFor("jane");
  const offers: Record<string, string>[] = [
    { authorization: `Bearer ${token}` },
    { appid: app.id, apikey: token },
  ];
  for (const headers of offers) {
    expect((await call("GET", "/v3/business-messaging/api/users/jane", { headers })).status).toBe(401);
  }
  expect((await call("GET", "/admin/apps", { headers: { authorization: `Bearer ${token}` } })).status).toBe(
    401,
  );
});
