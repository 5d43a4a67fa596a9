import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { FeedSockets } from "../../src/objects/user-shard/feed-sockets.ts";
import { API, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, callWith } from "../support/faults.ts";
import { rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { type OpenSocket, openSocket } from "../support/sockets.ts";
import { shardStubOf } from "../support/users.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

async function openSockets(uid: string, count: number): Promise<OpenSocket[]> {
  const token = await app.tokenFor(uid);
  const sockets: OpenSocket[] = [];
  for (let index = 0; index < count; index++) sockets.push(await openSocket([token]));
  return sockets;
}
const openOf = (sockets: OpenSocket[]) => sockets.filter(({ closed }) => closed === null);

describe("a user's sockets", () => {
  it("are twenty at most: the oldest closes, with a code that says so", async () => {
    const sockets = await openSockets("many", 22);
    await vi.waitFor(() => expect(openOf(sockets)).toHaveLength(20), PATIENTLY);
    for (const socket of sockets.slice(0, 2)) {
      expect(socket.closed).toEqual({ code: 4409, reason: expect.stringMatching(/at most 20/) });
    }
    const another = await openSockets("somebody-else", 1);
    expect(openOf([...sockets, ...another])).toHaveLength(21);
    for (const socket of [...sockets, ...another]) socket.close();
  });

  it("are counted and closed in order after the object has slept", async () => {
    const sockets = await openSockets("sleeper", 20);
    await evictDurableObject(await shardStubOf(app, "sleeper"));
    sockets.push(...(await openSockets("sleeper", 1)));
    await vi.waitFor(() => expect(sockets[0]?.closed?.code).toBe(4409), PATIENTLY);
    expect(openOf(sockets)).toHaveLength(20);
    for (const socket of sockets) socket.close();
  });

  it("are within the user's rate limit, as every call with the token is", async () => {
    const authorization = `Bearer ${await app.tokenFor("limited")}`;
    let left = 2;
    const limit = async () => ({ success: left-- > 0 });
    const replaced = { RATE_LIMIT: { limit } as RateLimit };
    const read = (path: string, headers: Record<string, string>) =>
      callWith(replaced, app, "GET", path, undefined, { authorization, ...headers });
    expect((await read("/feed", {})).status).toBe(200);
    expect((await read("/feed/unread-count", {})).status).toBe(200);
    const refused = await read("/feed/socket", { upgrade: "websocket" });
    expect([refused.status, refused.body.error.code]).toEqual([429, "ERR_TOO_MANY_REQUESTS"]);
  });
});

describe("tokens of sockets that end", () => {
  it("are found minute by minute, and what is noted of a minute goes with it", async () => {
    const uid = "ending";
    const shard = await shardStubOf(app, uid);
    const brief = await openSocket([await app.tokenFor(uid, { expiresInSeconds: 2 })]);
    const lasting = await openSocket([await app.tokenFor(uid)]);
    expect(await rowsIn(shard, "socket_ends")).toBe(2);
    await vi.waitFor(() => expect(brief.closed?.code).toBe(4401), PATIENTLY);
    await vi.waitFor(async () => expect(await rowsIn(shard, "socket_ends")).toBe(1), PATIENTLY);
    expect(await rowsIn(shard, "due WHERE kind = 'sockets'")).toBe(1);
    expect(lasting.closed).toBeNull();
    lasting.close();
  });
});

describe("what a shard's sockets cost", () => {
  /** How often the sockets behind each tag were asked for, while `work` ran beside 200 sockets of 100 users. */
  async function listsDuring(work: (sockets: FeedSockets) => void): Promise<string[]> {
    const stub = bindings.USER_SHARD.getByName("socket-costs:0");
    return runInDurableObject(stub, (_, ctx) => {
      for (let index = ctx.getWebSockets().length; index < 200; index++) {
        const sockets = new FeedSockets(ctx);
        sockets.accept(`user-${index % 100}`, Date.now() + 3_600_000, 0, Date.now());
      }
      const lists: string[] = [];
      const counted = new Proxy(ctx, {
        get(target, property) {
          if (property === "getWebSockets") {
            return (tag?: string) => {
              lists.push(tag ?? "all");
              return target.getWebSockets(tag);
            };
          }
          const value: unknown = Reflect.get(target, property);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      work(new FeedSockets(counted));
      return lists;
    });
  }

  it("is one question for the user of a send to one", async () => {
    expect(
      await listsDuring((sockets) => {
        expect(sockets.watchersOf("nobody")).toMatchObject({ isEmpty: true });
        expect(sockets.watchersOf("user-7").has("user-7")).toBe(true);
      }),
    ).toEqual(["unobody", "uuser-7"]);
  });

  it("is one question a user of a chunk, and the whole list once in the object's life", async () => {
    expect(
      await listsDuring((sockets) => {
        for (let chunk = 0; chunk < 3; chunk++) {
          const watchers = sockets.watchers();
          for (const userId of ["user-1", "user-1", "nobody"]) watchers.has(userId);
        }
      }),
    ).toEqual(["all", "uuser-1", "unobody", "uuser-1", "unobody", "uuser-1", "unobody"]);
  });

  it("is one question where a token ends", async () => {
    const lists = await listsDuring((sockets) => void sockets.closeExpired(Date.now()));
    expect(lists).toHaveLength(1);
    expect(lists[0]).toMatch(/^e\d+$/);
  });
});

it("a user id of 255 bytes has sockets too", async () => {
  const uid = "x".repeat(255);
  const [socket] = await openSockets(uid, 1);
  await vi.waitFor(() => expect(socket?.messages).toEqual([{ type: "unread", count: 0 }]), PATIENTLY);
  expect((await app.call("GET", `${API}/users/${uid}`)).body.status).toBe("online");
  socket?.close();
});
