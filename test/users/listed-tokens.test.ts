import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { type Body, callAsAdmin, callWithToken, createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { shardStubOf } from "../support/users.ts";

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
});

const rotate = (gracePeriodHours: number) =>
  callAsAdmin("POST", `/admin/apps/${app.id}/rotate-root-secret`, { gracePeriodHours });
const issue = async (body?: object): Promise<string> =>
  (await app.call("POST", "/v3/users/mia/auth_tokens", body ?? { force: true })).body.data.authToken;
const list = async (): Promise<Body[]> => (await app.call("GET", "/v3/users/mia/auth_tokens")).body.data;
const textsOf = (tokens: Body[]) => tokens.map(({ authToken }) => authToken);
const readsFeed = async (token: string) => (await callWithToken(token)("GET", "/feed")).status;

describe("a user's listed tokens after the root secret was replaced", () => {
  it("are the texts that were issued, and say when the grace ends them", async () => {
    const first = await issue();
    const { body: rotation } = await rotate(1);
    const second = await issue();
    const listed = await list();
    expect(textsOf(listed)).toEqual([second, first]);
    expect(listed[1]?.expiresAt).toBe(Math.floor(Date.parse(rotation.previousUntil) / 1000));
    for (const token of textsOf(listed)) expect(await readsFeed(token)).toBe(200);
  });

  it("are none that ended with it", async () => {
    const ended = await issue();
    await rotate(0);
    expect(await list()).toEqual([]);
    const after = await issue();
    expect(textsOf(await list())).toEqual([after]);
    expect([await readsFeed(ended), await readsFeed(after)]).toEqual([401, 200]);
  });

  it("aren't given out again while their secret's grace runs", async () => {
    const first = await issue();
    expect(await issue({ force: false })).toBe(first);
    await rotate(1);
    const second = await issue({ force: false });
    expect(second).not.toBe(first);
    expect(await issue({ force: false })).toBe(second);
    expect(textsOf(await list())).toEqual([second, first]);
  });

  it("are listed where only the secret before is known yet", async () => {
    await issue();
    const actor = { type: "admin" as const, key: null, keyId: null, requestId: null };
    await bindings.REGISTRY.getByName(app.id).rotateRootSecret(1, actor);
    // As an isolate that knows the new secret issues it.
    await runInDurableObject(await shardStubOf(app, "mia"), (_, { storage }) => {
      storage.sql.exec("UPDATE user_tokens SET generation = 2");
    });
    const [token] = textsOf(await list());
    expect(await readsFeed(token)).toBe(200);
  });
});
