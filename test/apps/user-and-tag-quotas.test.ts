import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { utcDay } from "../../src/model/ids.ts";
import { call, callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { shardStubOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** What an app may have of what its shards and ledgers hold. */

async function withQuotas(quotas: object): Promise<TestApp> {
  const app = await createReadyApp();
  expect((await callAsAdmin("PUT", `/admin/apps/${app.id}`, { quotas })).status).toBe(200);
  return app;
}

async function send(app: TestApp, uid: string, tag: string): Promise<string> {
  const { body } = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "A", orderId: "1" } },
    targets: [uid],
    mode: "realtime",
    tag,
  });
  return body.notificationId;
}

const quotasOf = async (app: TestApp) => (await callAsAdmin("GET", `/admin/apps/${app.id}`)).body.quotas;

/** Each way in which a user comes to be. */
const WAYS: Record<string, (app: TestApp, uid: string) => Promise<{ status: number; body: unknown }>> = {
  "a user": (app, uid) => app.api("POST", "/users", { uid }),
  "a token": (app, uid) => app.api("POST", `/users/${uid}/auth_tokens`),
  "CometChat's form": (app, uid) =>
    call("POST", "/v3/users", {
      headers: { appid: app.id, apikey: app.apiKey },
      body: { uid, name: uid, withAuthToken: true },
    }),
  "a token in CometChat's form": (app, uid) =>
    call("POST", `/v3/users/${uid}/auth_tokens`, { headers: { appid: app.id, apikey: app.apiKey } }),
  "Sendbird's form": (app, user_id) =>
    call("POST", "/v3/users", {
      headers: { "api-token": app.apiKey },
      body: { user_id, nickname: user_id, profile_url: "" },
    }),
};

describe("the quota of users", () => {
  it("counts whoever comes to be, in any form, and refuses the next with 409 and the number", async () => {
    const names = Object.keys(WAYS);
    const app = await withQuotas({ users: names.length });
    for (const [index, make] of Object.values(WAYS).entries()) {
      expect((await make(app, `user-${index}`)).status, names[index]).toBeLessThan(300);
    }
    for (const [name, make] of Object.entries(WAYS)) {
      const { status, body } = await make(app, "one-more");
      expect(status, name).toBe(409);
      expect(JSON.stringify(body), name).toContain("has 5 of 5 users (its quota users)");
      expect((await app.api("GET", "/users/one-more")).status).toBe(404);
    }
    await vi.waitFor(async () => {
      expect((await quotasOf(app)).users).toEqual({ limit: 5, used: 5 });
    }, PATIENTLY);
    // Who is there is served as ever, and so is the taken uid.
    expect((await app.api("POST", "/users/user-0/auth_tokens")).status).toBe(201);
    expect((await app.api("POST", "/users", { uid: "user-1" })).body.error.code).toBe("ERR_CONFLICT");
  });

  it("counts the deactivated too; a deletion makes room, and so does the operator", async () => {
    const app = await withQuotas({ users: 1 });
    await app.api("POST", "/users", { uid: "ann" });
    const vendor = { headers: { appid: app.id, apikey: app.apiKey } };
    expect((await call("DELETE", "/v3/users/ann", vendor)).status).toBe(200);
    expect((await app.api("POST", "/users", { uid: "bob" })).status).toBe(409);
    expect((await app.api("DELETE", "/users/ann")).status).toBe(200);
    await vi.waitFor(async () => expect((await quotasOf(app)).users.used).toBe(0), PATIENTLY);
    expect((await app.api("POST", "/users", { uid: "bob" })).status).toBe(201);
    expect((await app.api("POST", "/users", { uid: "cid" })).status).toBe(409);
    await callAsAdmin("PUT", `/admin/apps/${app.id}`, { quotas: { users: 2 } });
    expect((await app.api("POST", "/users", { uid: "cid" })).status).toBe(201);
  });

  it("is kept to the user by a shard that many come to at once", async () => {
    const app = await withQuotas({ users: 3 });
    const stub = await shardStubOf(app, "ann");
    const shard = stub as unknown as { createUser(uid: string, fields: object): Promise<{ ok: boolean }> };
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => shard.createUser(`user-${index}`, {})),
    );
    expect(made.filter(({ ok }) => ok)).toHaveLength(3);
  });

  it("is no reason to turn anybody away while the registry can't be asked", async () => {
    const app = await withQuotas({ users: 0 });
    const stub = await shardStubOf(app, "ann");
    const outcome = await runInDurableObject(stub, async (instance) => {
      const holder = instance as unknown as {
        env: object;
        createUser(uid: string, fields: object): Promise<{ ok: boolean }>;
      };
      const { env } = holder;
      holder.env = { ...env, REGISTRY: null };
      return holder.createUser("ann", {}).finally(() => {
        holder.env = env;
      });
    });
    expect(outcome.ok).toBe(true);
    expect((await app.api("GET", "/users/ann")).status).toBe(200);
  });
});

describe("the quota of tags", () => {
  const today = utcDay(Date.now());
  const range = `?from=${today}&to=${utcDay(Date.now() + 86_400_000)}`;
  const ledgerOf = (app: TestApp) => bindings.LEDGER.getByName(`${app.id}:${today}`);

  async function deliveredOf(app: TestApp, path: string): Promise<number> {
    const { body } = await app.api("GET", `/analytics/${path}${range}`);
    return body.find(({ channelType }: { channelType: string }) => channelType === "in_app").delivered;
  }

  const readTags = (app: TestApp) =>
    runInDurableObject(ledgerOf(app), (_, { storage }) => ({
      counted: storage.sql
        .exec<{ tag: string }>("SELECT tag FROM counted_tags")
        .toArray()
        .map(({ tag }) => tag),
      series: storage.sql
        .exec<{ tag: string }>("SELECT DISTINCT tag FROM series")
        .toArray()
        .map(({ tag }) => tag),
    }));

  it("bounds what is counted apart in a ledger: the rest is counted together, and listed as sent", async () => {
    const app = await withQuotas({ tags: 2 });
    const tags = ["one", "two", "three", "four"];
    for (const [index, tag] of tags.entries()) {
      await waitUntilCompleted(app, await send(app, `user-${index}`, tag));
      await vi.waitFor(async () => expect(await deliveredOf(app, "channels")).toBe(index + 1), PATIENTLY);
    }
    const counts = await Promise.all(tags.map((tag) => deliveredOf(app, `tags/${tag}`)));
    expect(counts).toEqual([1, 1, 0, 0]);
    expect((await readTags(app)).series).toHaveLength(3);
    const { body } = await app.api("GET", "/notifications?tag=four");
    expect(body.data).toEqual([expect.objectContaining({ tag: "four" })]);
    // A tag that has its own series keeps it.
    await send(app, "mia", "one");
    await vi.waitFor(async () => expect(await deliveredOf(app, "tags/one")).toBe(2), PATIENTLY);
  });

  it("isn't given back by a deletion, which leaves no tag of the user's and no count wrong", async () => {
    const app = await withQuotas({ tags: 1 });
    for (const uid of ["ann", "bob"]) {
      await app.api("POST", "/users", { uid });
      await waitUntilCompleted(app, await send(app, uid, `of ${uid}`));
      await vi.waitFor(
        async () => expect(await deliveredOf(app, "channels")).toBe(uid === "ann" ? 1 : 2),
        PATIENTLY,
      );
    }
    expect((await readTags(app)).counted).toEqual([JSON.stringify("of ann")]);
    for (const uid of ["ann", "bob"]) await app.api("DELETE", `/users/${uid}`);
    await vi.waitFor(
      async () => expect(await readTags(app)).toEqual({ counted: [], series: ["null"] }),
      PATIENTLY,
    );
    expect(await deliveredOf(app, "channels")).toBe(2);
  });
});
