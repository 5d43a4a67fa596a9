import { beforeAll, describe, expect, it, vi } from "vitest";
import { hashUid } from "../../src/managing/change-user.ts";
import { ADMIN_TOKEN, call, callWithToken, createReadyApp, type TestApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { ROUTE_CASES } from "../support/routes.ts";
import { openSocket } from "../support/sockets.ts";

/** Tokens of whoever looks at a user's feed, and isn't the user. */

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

async function sendTo(uid: string): Promise<string> {
  const { body } = await app.send({
    template: { key: "order-confirmation", variables: { customerName: uid, orderId: "1" } },
    targets: [uid],
    mode: "realtime",
  });
  return body.notificationId;
}

const issue = (uid: string, by = app) =>
  by.api("POST", `/users/${encodeURIComponent(uid)}/auth_tokens/read_only`);
const tokenToLook = async (uid: string): Promise<string> => (await issue(uid)).body.authToken;

describe("a read-only token", () => {
  it("reads the feed and its count for ten minutes, and nothing becomes viewed by it", async () => {
    const id = await sendTo("mia");
    const before = Date.now();
    const { status, body } = await issue("mia");
    expect([status, Object.keys(body).sort()]).toEqual([201, ["authToken", "expiresAt"]]);
    expect(Math.abs(Date.parse(body.expiresAt) - before - 600_000)).toBeLessThan(60_000);
    const look = callWithToken(body.authToken);
    const feed = await look("GET", "/feed");
    expect(feed.body.data).toMatchObject([{ notificationId: id, viewedAt: null }]);
    expect((await look("GET", "/feed/unread-count")).body).toEqual({ count: 1 });
    expect((await app.notification(id)).counts["in-app-alerts"].viewed).toBe(0);
  });

  it("is refused by every other route of a user's client, and nothing changes", async () => {
    const id = await sendTo("leo");
    const authorization = `Bearer ${await tokenToLook("leo")}`;
    const routes = ROUTE_CASES.filter(({ route }) => route.access.credential === "user");
    expect(routes.length).toBeGreaterThan(8);
    for (const { method, pattern } of routes) {
      const path = pattern.replace(":notification", id).replace(/:\w+/, "x");
      const answer = await call(method, path, { headers: { authorization } });
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 403, "ERR_FORBIDDEN"]);
    }
    const own = await app.asUser("leo");
    expect((await own("GET", "/feed")).body.data).toMatchObject([{ viewedAt: null, clickedAt: null }]);
    expect((await own("GET", "/feed/devices")).body.data).toEqual([]);
  });

  it("stands in the audit log: who got it, for whom by a hash, each time", async () => {
    const reader = await app.keyWith(["read"]);
    await app.copiesAreCurrent();
    for (const by of [reader, reader, app]) await issue("kim@example.com", by);
    const hash = await hashUid(app.id, "kim@example.com");
    const { body } = await app.api("GET", `/audit-log?action=user.read_token_issued&targetId=${hash}`);
    expect(body.data).toHaveLength(3);
    const [last, second, first] = body.data;
    expect(first).toMatchObject({
      actor: { type: "api_key", keyId: expect.any(String) },
      ...{ target: { type: "user", id: hash }, details: {}, requestId: expect.any(String) },
    });
    expect(second.actor).toEqual(first.actor);
    expect(last.actor.keyId).not.toBe(first.actor.keyId);
    expect(JSON.stringify(body)).not.toContain("example.com");
    // What is refused has none.
    await app.api("POST", "/users", { uid: "away" });
    await app.call("DELETE", "/v3/users", { uidsToDeactivate: ["away"] });
    expect((await issue("away")).status).toBe(409);
    const lines = await app.api("GET", `/audit-log?targetId=${await hashUid(app.id, "away")}`);
    expect(lines.body.data.map(({ action }: { action: string }) => action)).not.toContain(
      "user.read_token_issued",
    );
  });

  it("opens no socket, so its holder isn't the user who is online", async () => {
    const socket = await openSocket([await tokenToLook("ivy")]);
    await vi.waitFor(() => expect(socket.closed?.code).toBe(4401), PATIENTLY);
    expect(socket.messages).toEqual([]);
    const ticket = await openSocket([], `?ticket=${await tokenToLook("ivy")}`);
    await vi.waitFor(() => expect(ticket.closed?.code).toBe(4401), PATIENTLY);
  });

  it("is no key, no session and no admin's", async () => {
    const authorization = `Bearer ${await tokenToLook("mia")}`;
    for (const { method, pattern, route } of ROUTE_CASES) {
      if (route.access.scope === null && route.access.credential !== "admin") continue;
      const answer = await call(method, pattern.replaceAll(/:\w+/g, "x"), { headers: { authorization } });
      expect([pattern, answer.status]).toEqual([pattern, 401]);
    }
  });

  it("is of its user alone, makes nobody, and stands in no list", async () => {
    await sendTo("eva");
    const look = callWithToken(await tokenToLook("nobody-yet"));
    expect((await look("GET", "/feed")).body.data).toEqual([]);
    expect((await app.api("GET", "/users/nobody-yet")).status).toBe(404);
    await app.api("POST", "/users", { uid: "ann" });
    await issue("ann");
    expect((await app.call("GET", "/v3/users/ann/auth_tokens")).body.data).toEqual([]);
  });

  it("needs a key that may read, and is of that key's app", async () => {
    const [reading, sending] = await Promise.all([app.keyWith(["read"]), app.keyWith(["send"])]);
    await app.copiesAreCurrent();
    expect((await issue("mia", reading)).status).toBe(201);
    expect((await issue("mia", sending)).status).toBe(403);
    const other = await createReadyApp();
    const { body } = await issue("mia", other);
    expect((await callWithToken(body.authToken)("GET", "/feed")).body.data).toEqual([]);
    const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const path = "/v3/business-messaging/api/users/mia/auth_tokens/read_only";
    expect((await call("POST", path, { headers: admin })).status).toBe(401);
  });

  it("ends with a revocation and with the user, as the user's own do", async () => {
    await app.api("POST", "/users", { uid: "tom" });
    const revoked = callWithToken(await tokenToLook("tom"));
    expect((await revoked("GET", "/feed")).status).toBe(200);
    await app.api("POST", "/users/tom/auth_tokens/revoke");
    expect((await revoked("GET", "/feed")).status).toBe(401);
    const deleted = callWithToken(await tokenToLook("tom"));
    await app.api("DELETE", "/users/tom");
    expect((await deleted("GET", "/feed")).status).toBe(401);
  });

  it("isn't issued for a deactivated user, nor for what can't be one", async () => {
    await app.api("POST", "/users", { uid: "off" });
    await app.call("DELETE", "/v3/users", { uidsToDeactivate: ["off"] });
    expect((await issue("off")).status).toBe(409);
    const { status, body } = await issue("x".repeat(256));
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["uid"]]);
  });
});
