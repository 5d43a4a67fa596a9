import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { hashUid } from "../../src/managing/change-user.ts";
import { type Answer, callWithToken, createReadyApp, type TestApp } from "../support/api.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { openSocket } from "../support/sockets.ts";
import { shardStubOf } from "../support/users.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

const revoke = (uid: string, caller = app): Promise<Answer> =>
  caller.call("POST", `/v3/users/${encodeURIComponent(uid)}/auth_tokens/revoke`);

describe("POST /v3/users/{uid}/auth_tokens/revoke", () => {
  it("refuses every token from before on every route, and takes those from after", async () => {
    const before = await app.tokenFor("jane");
    const others = await app.tokenFor("leo");
    const { ticket } = (await callWithToken(before)("POST", "/feed/socket-ticket")).body;
    const { status, body } = await revoke("jane");
    expect([status, body.uid]).toEqual([200, "jane"]);
    expect(Math.abs(Date.parse(body.validFrom) - Date.now())).toBeLessThan(30_000);
    const asBefore = callWithToken(before);
    const calls: [string, string][] = [
      ["GET", "/feed"],
      ["GET", "/feed/unread-count"],
      ["POST", "/feed/read-all"],
      ["POST", "/feed/01900000-0000-7000-8000-000000000000/viewed"],
      ["POST", "/feed/socket-ticket"],
      ["GET", "/feed/push-keys"],
      ["GET", "/feed/devices"],
      ["DELETE", "/feed/devices/x"],
    ];
    for (const [method, path] of calls) {
      expect((await asBefore(method, path)).status, `${method} ${path}`).toBe(401);
    }
    for (const socket of [await openSocket([before]), await openSocket([], `?ticket=${ticket}`)]) {
      await vi.waitFor(() => expect(socket.closed?.code).toBe(4401), PATIENTLY);
    }
    expect((await callWithToken(others)("GET", "/feed")).status).toBe(200);
    expect((await callWithToken(await app.tokenFor("jane"))("GET", "/feed")).status).toBe(200);
  });

  it("closes the user's open sockets, and nobody else's", async () => {
    const sockets = await Promise.all(
      ["mia", "noa"].map(async (uid) => openSocket([await app.tokenFor(uid)])),
    );
    await revoke("mia");
    await vi.waitFor(
      () => expect(sockets[0]?.closed).toEqual({ code: 4401, reason: expect.stringMatching(/revoked/) }),
      PATIENTLY,
    );
    expect(sockets[1]?.closed).toBeNull();
    sockets[1]?.close();
  });

  it("counts from the last time, also within the same millisecond", async () => {
    const tokens: string[] = [];
    for (let round = 0; round < 3; round++) {
      tokens.push(await app.tokenFor("often"));
      await revoke("often");
    }
    for (const token of tokens) expect((await callWithToken(token)("GET", "/feed")).status).toBe(401);
    expect((await (await app.asUser("often"))("GET", "/feed")).status).toBe(200);
  });

  it("knows no user who isn't there, and needs the scope manage", async () => {
    expect((await revoke("nobody-yet")).status).toBe(404);
    expect((await revoke("x".repeat(256))).status).toBe(404);
    expect((await revoke("jane", await app.keyWith(["send", "read"]))).status).toBe(403);
  });

  it("stands in the audit log without the uid, once", async () => {
    await app.tokenFor("kim@example.com");
    expect((await revoke("nobody@example.com")).status).toBe(404);
    await revoke("kim@example.com");
    const hash = await hashUid(app.id, "kim@example.com");
    await vi.waitFor(async () => {
      const { body } = await app.api("GET", `/audit-log?action=user.tokens_revoked&targetId=${hash}`);
      const line = { target: { type: "user", id: hash }, details: {}, requestId: expect.any(String) };
      expect(body.data).toMatchObject([{ ...line, actor: { type: "api_key" } }]);
    }, PATIENTLY);
    const lines = JSON.stringify((await app.api("GET", "/audit-log?action=user.tokens_revoked")).body);
    expect(lines).not.toContain("example.com");
    const nobody = await hashUid(app.id, "nobody@example.com");
    expect(lines).not.toContain(nobody);
  });

  it("is remembered for as long as a token can last", async () => {
    await app.tokenFor("long-ago");
    await revoke("long-ago");
    const shard = await shardStubOf(app, "long-ago");
    const bound = "token_bounds WHERE uid = 'long-ago'";
    await wake(shard, "retention");
    expect(await rowsIn(shard, bound)).toBe(1);
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec("UPDATE token_bounds SET valid_from = valid_from - 31 * 86400000");
    });
    await wake(shard, "retention");
    expect(await rowsIn(shard, bound)).toBe(0);
  });
});
