import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { API, type Body, createApp, createReadyApp, fetchWorker, type TestApp } from "../support/api.ts";
import { rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { type OpenSocket, openSocket, trySocket } from "../support/sockets.ts";
import { shardStubOf } from "../support/users.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

async function send(targets: string[], mode: "realtime" | "batch"): Promise<string> {
  const values = { customerName: "Jane", orderId: 1 };
  const variables = mode === "realtime" ? values : Object.fromEntries(targets.map((uid) => [uid, values]));
  const { body } = await app.send({
    template: { key: "order-confirmation", variables },
    targets,
    mode,
    tag: "t",
  });
  return body.notificationId;
}
const ticketFor = async (uid: string) =>
  (await (await app.asUser(uid))("POST", "/feed/socket-ticket")).body.ticket;
const statusOf = async (uid: string) =>
  (await app.call("GET", `/v3/business-messaging/api/users/${uid}`)).body.status;
/** Resolves when the socket has got these messages, and nothing else. */
async function expectMessages(socket: OpenSocket, messages: Body[]): Promise<void> {
  await vi.waitFor(() => expect(socket.messages).toEqual(messages), PATIENTLY);
}

describe("a feed socket", () => {
  it("opens with the token as its subprotocol, and begins with the unread count", async () => {
    await send(["jane"], "realtime");
    const token = await app.tokenFor("jane");
    const socket = await openSocket([token]);
    expect([socket.status, socket.protocol]).toEqual([101, token]);
    await expectMessages(socket, [{ type: "unread", count: 1 }]);
    socket.close();
  });

  it("names its own subprotocol where that is offered beside the token", async () => {
    const socket = await openSocket(["onecall-feed", await app.tokenFor("jane")]);
    expect(socket.protocol).toBe("onecall-feed");
    socket.close();
  });

  it("opens with a ticket in the query", async () => {
    const socket = await openSocket([], `?ticket=${await ticketFor("jane")}`);
    expect(socket.protocol).toBeNull();
    await expectMessages(socket, [{ type: "unread", count: expect.any(Number) }]);
    socket.close();
  });

  it("opens with an Authorization header, as clients that aren't browsers send it", async () => {
    const authorization = `Bearer ${await app.tokenFor("native")}`;
    const socket = await openSocket([], "", { authorization });
    expect(socket.protocol).toBeNull();
    await expectMessages(socket, [{ type: "unread", count: 0 }]);
    socket.close();
    await expectRefused(await openSocket([], "", { authorization: "Bearer wrong" }));
  });

  it("answers with an offered subprotocol where it is refused too, or the browser would see an error", async () => {
    const one = await openSocket(["not-a-token"]);
    const two = await openSocket(["onecall-feed", "not-a-token"]);
    expect([one.protocol, two.protocol]).toEqual(["not-a-token", "onecall-feed"]);
    for (const socket of [one, two]) await expectRefused(socket);
  });

  it("opens with a ticket once", async () => {
    const ticket = await ticketFor("once");
    const first = await openSocket([], `?ticket=${ticket}`);
    await expectMessages(first, [{ type: "unread", count: 0 }]);
    await evictDurableObject(await shardStubOf(app, "once"));
    await expectRefused(await openSocket([], `?ticket=${ticket}`));
    const tickets = await Promise.all([ticketFor("once"), ticketFor("once")]);
    for (const another of tickets) {
      const socket = await openSocket([], `?ticket=${another}`);
      await expectMessages(socket, [{ type: "unread", count: 0 }]);
      socket.close();
    }
    first.close();
  });

  it("forgets used tickets once they have expired", async () => {
    const uid = "forgetful";
    (await openSocket([], `?ticket=${await ticketFor(uid)}`)).close();
    const shard = await shardStubOf(app, uid);
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec("UPDATE used_tickets SET expires_at = expires_at - 70000");
    });
    (await openSocket([], `?ticket=${await ticketFor(uid)}`)).close();
    expect(await rowsIn(shard, "used_tickets")).toBe(1);
  });

  it("answers ping with pong", async () => {
    const socket = await openSocket([await app.tokenFor("pinger")]);
    socket.send("ping");
    await expectMessages(socket, [{ type: "unread", count: 0 }, "pong"]);
    socket.close();
  });

  it.each(["realtime", "batch"] as const)(
    "gets each new item of a %s send, with the unread count",
    async (mode) => {
      const uid = `watcher-${mode}`;
      const asUser = await app.asUser(uid);
      const sockets = [
        await openSocket([await app.tokenFor(uid)]),
        await openSocket([await app.tokenFor(uid)]),
      ];
      const bystander = await openSocket([await app.tokenFor("bystander")]);
      await vi.waitFor(() => expect(sockets[1]?.messages).toEqual([{ type: "unread", count: 0 }]), PATIENTLY);
      for (const socket of sockets) socket.messages.length = 0;
      await send([uid, ...(mode === "batch" ? ["another", "third"] : [])], mode);
      const [item] = await vi.waitFor(async () => {
        const { data } = (await asUser("GET", "/feed")).body;
        expect(data).toHaveLength(1);
        return data;
      }, PATIENTLY);
      for (const socket of sockets) {
        await expectMessages(socket, [
          { type: "item", item },
          { type: "unread", count: 1 },
        ]);
        socket.close();
      }
      expect(bystander.messages).toEqual([{ type: "unread", count: 0 }]);
      bystander.close();
    },
  );

  it("gets what was marked, and the unread count, when the user views on another device", async () => {
    const id = await send(["two-devices"], "realtime");
    const socket = await openSocket([await app.tokenFor("two-devices")]);
    const { body } = await (await app.asUser("two-devices"))("POST", `/feed/${id}/viewed`);
    const [{ channelKey, viewedAt }] = body.data;
    await expectMessages(socket, [
      { type: "unread", count: 1 },
      { type: "marked", items: [{ notificationId: id, channelKey, viewedAt, clickedAt: null }] },
      { type: "unread", count: 0 },
    ]);
    socket.close();
  });

  it("gets what the app's server tells of, and that all was viewed", async () => {
    const uid = "told-of";
    const [first, second] = [await send([uid], "realtime"), await send([uid], "realtime")];
    const socket = await openSocket([await app.tokenFor(uid)]);
    const event = { eventType: "clicked", userId: uid, notificationId: first, channelType: "in_app" };
    expect((await app.api("POST", "/analytics/events", event)).status).toBe(200);
    const asUser = await app.asUser(uid);
    await asUser("POST", "/feed/read-all");
    const { data } = (await asUser("GET", "/feed")).body;
    const [{ viewedAt }, { channelKey, ...clicked }] = data;
    expect(data[0].notificationId).toBe(second);
    await expectMessages(socket, [
      { type: "unread", count: 2 },
      {
        type: "marked",
        items: [
          { notificationId: first, channelKey, viewedAt: clicked.viewedAt, clickedAt: clicked.clickedAt },
        ],
      },
      { type: "unread", count: 1 },
      { type: "all-viewed", viewedAt },
      { type: "unread", count: 0 },
    ]);
    socket.close();
  });

  it("is what makes a user online, until the last one closes", async () => {
    const token = await app.tokenFor("present");
    expect(await statusOf("present")).toBe("offline");
    const sockets = [await openSocket([token]), await openSocket([token])];
    expect(await statusOf("present")).toBe("online");
    const online = (await app.call("GET", "/v3/business-messaging/api/users?status=online&perPage=100")).body
      .data;
    expect(online.map((user: Body) => user.uid)).toContain("present");
    expect(online.map((user: Body) => user.status)).not.toContain("offline");
    sockets[0]?.close();
    await vi.waitFor(() => expect(sockets[0]?.closed?.code).toBe(1000), PATIENTLY);
    expect(await statusOf("present")).toBe("online");
    sockets[1]?.close();
    await vi.waitFor(async () => expect(await statusOf("present")).toBe("offline"), PATIENTLY);
  });

  it("is closed when its token expires", async () => {
    const socket = await openSocket([await app.tokenFor("brief", { expiresInSeconds: 2 })]);
    await vi.waitFor(() => expect(socket.closed?.code).toBe(4401), PATIENTLY);
    await vi.waitFor(async () => expect(await statusOf("brief")).toBe("offline"), PATIENTLY);
  });

  it("is closed when its token expires, also beside one that lasts longer", async () => {
    const lasting = await openSocket([await app.tokenFor("both-kinds")]);
    const brief = await openSocket([await app.tokenFor("both-kinds", { expiresInSeconds: 2 })]);
    await vi.waitFor(() => expect(brief.closed?.code).toBe(4401), PATIENTLY);
    expect(lasting.closed).toBeNull();
    lasting.close();
  });
});

async function expectRefused(socket: OpenSocket): Promise<void> {
  await vi.waitFor(
    () => expect(socket.closed).toEqual({ code: 4401, reason: expect.stringMatching(/token/) }),
    PATIENTLY,
  );
  expect(socket.messages).toEqual([]);
}

describe("a feed socket is refused", () => {
  it.each<[string, () => Promise<[protocols: string[], query: string]>]>([
    ["without token or ticket", async () => [[], ""]],
    ["with only its own subprotocol", async () => [["onecall-feed"], ""]],
    ["with something else as token", async () => [["not-a-token"], ""]],
    ["with an API key", async () => [[app.apiKey], ""]],
    ["with a ticket as subprotocol", async () => [[await ticketFor("jane")], ""]],
    ["with a token in the query", async () => [[], `?ticket=${await app.tokenFor("jane")}`]],
    ["with a bad ticket beside a good token", async () => [[await app.tokenFor("jane")], "?ticket=bad"]],
    ["with an empty ticket", async () => [[], "?ticket="]],
  ])("%s: opened and closed at once, so that a browser can tell it from a lost network", async (_, make) => {
    const socket = await openSocket(...(await make()));
    await expectRefused(socket);
  });

  it("with a token that another key signed", async () => {
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(app.id)
      .setSubject("jane")
      .setAudience("feed")
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode((await createApp()).apiKey));
    await expectRefused(await openSocket([token]));
  });

  it("without an upgrade", async () => {
    const protocol = await app.tokenFor("jane");
    expect((await trySocket([protocol], "", "h2c")).status).toBe(400);
    const response = await fetchWorker(`https://onecall.test${API}/feed/socket`);
    expect(response.status).toBe(400);
  });
});
