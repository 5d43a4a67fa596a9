import { runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Body, callWithToken, createReadyApp, type TestApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { openSocket } from "../support/sockets.ts";
import { shardStubOf } from "../support/users.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

let users = 0;
let uid: string;
let id: string;
let token: string;
beforeEach(async () => {
  uid = `leaver-${++users}`;
  await app.call("POST", "/v3/business-messaging/api/users", {
    uid,
    name: "Secret Name",
    metadata: { note: "secret metadata" },
  });
  id = await sendToUser("secret value");
  token = await app.tokenFor(uid);
});

async function sendToUser(customerName: string): Promise<string> {
  const template = { key: "order-confirmation", variables: { customerName, orderId: 1 } };
  return (await app.send({ template, targets: [uid], mode: "realtime" })).body.notificationId;
}
const deleteUser = () => app.call("DELETE", `/v3/business-messaging/api/users/${uid}`);
const textsOf = async (asToken: string) =>
  (await callWithToken(asToken)("GET", "/feed")).body.data.map((item: Body) => item.content.text);

describe("deleting a user", () => {
  it("removes them from the users", async () => {
    const { status, body } = await deleteUser();
    expect([status, body]).toEqual([200, { uid, deleted: true }]);
    expect((await app.call("GET", `/v3/business-messaging/api/users/${uid}`)).status).toBe(404);
    expect((await app.call("GET", `/v3/business-messaging/api/users?searchKey=${uid}`)).body.data).toEqual(
      [],
    );
  });

  it("leaves nothing that says anything of them in their shard", async () => {
    const shard = await shardStubOf(app, uid);
    const dump = () =>
      runInDurableObject(shard, (_, { storage: { sql } }) =>
        ["users", "deliveries", "notifications", "claims"]
          .map((table) => JSON.stringify(sql.exec(`SELECT * FROM ${table}`).toArray()))
          .join(),
      );
    expect(await dump()).toMatch(/secret value/);
    await deleteUser();
    expect(await dump()).not.toMatch(/secret/i);
  });

  it("blanks the feed, for a later token of the same uid too", async () => {
    await deleteUser();
    const later = callWithToken(await app.tokenFor(uid));
    expect((await later("GET", "/feed")).body).toEqual({ data: [], nextCursor: null });
    expect((await later("GET", "/feed/unread-count")).body).toEqual({ count: 0 });
    expect((await later("POST", "/feed/read-all")).body).toEqual({ viewed: 0 });
    expect((await later("POST", `/feed/${id}/viewed`)).status).toBe(404);
  });

  it("disturbs no count", async () => {
    await callWithToken(token)("POST", `/feed/${id}/clicked`);
    await vi.waitFor(async () => {
      expect((await app.notification(id)).counts["in-app-alerts"]).toMatchObject({ viewed: 1, clicked: 1 });
    }, PATIENTLY);
    const before = await app.notification(id);
    const auditBefore = await app.audit(id);
    await deleteUser();
    expect(await app.notification(id)).toEqual(before);
    expect(await app.audit(id)).toEqual(auditBefore);
  });

  it("takes the new notifications of a user that is sent to again", async () => {
    await deleteUser();
    await sendToUser("Newcomer");
    expect(await textsOf(await app.tokenFor(uid))).toEqual(["Hello Newcomer, your order is 1."]);
  });

  it("also works where the user was never created, but sent to", async () => {
    uid = `unknown-${uid}`;
    await sendToUser("secret value");
    expect((await deleteUser()).status).toBe(200);
    expect(await textsOf(await app.tokenFor(uid))).toEqual([]);
  });

  it("is done once: then there is no such user", async () => {
    await deleteUser();
    expect((await deleteUser()).status).toBe(404);
  });
});

describe("the tokens of a deleted user", () => {
  it("that were issued before are refused everywhere", async () => {
    const { body } = await callWithToken(token)("POST", "/feed/socket-ticket");
    await deleteUser();
    const asLeaver = callWithToken(token);
    for (const [method, path] of [
      ["GET", "/feed"],
      ["GET", "/feed/unread-count"],
      ["POST", "/feed/read-all"],
      ["POST", "/feed/socket-ticket"],
      ["POST", `/feed/${id}/viewed`],
      ["POST", `/feed/${id}/clicked`],
    ] as const) {
      expect((await asLeaver(method, path)).status, path).toBe(401);
    }
    for (const socket of [await openSocket([token]), await openSocket([], `?ticket=${body.ticket}`)]) {
      await vi.waitFor(() => expect(socket.closed?.code).toBe(4401), PATIENTLY);
      expect(socket.messages).toEqual([]);
    }
  });

  it("stay refused after the uid is created again, when new ones are fine", async () => {
    await deleteUser();
    await app.call("POST", "/v3/business-messaging/api/users", { uid, name: "Newcomer" });
    const later = await app.tokenFor(uid);
    expect((await callWithToken(token)("GET", "/feed")).status).toBe(401);
    expect((await callWithToken(later)("GET", "/feed")).status).toBe(200);
  });
});

it("closes the sockets of a deleted user, and no others", async () => {
  const socket = await openSocket([token]);
  const neighbour = await openSocket([await app.tokenFor("neighbour")]);
  await deleteUser();
  const closed = { code: 4401, reason: expect.stringContaining("deleted") };
  await vi.waitFor(() => expect(socket.closed).toEqual(closed), PATIENTLY);
  expect(neighbour.closed).toBeNull();
  neighbour.close();
});
