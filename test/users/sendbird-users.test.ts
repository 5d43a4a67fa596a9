import { beforeAll, describe, expect, it } from "vitest";
import { call, callWithToken, createReadyApp, type TestApp } from "../support/api.ts";
import { registerDevice } from "../support/push.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

const users = (method: string, path = "", body?: unknown) =>
  call(method, `/v3/users${path}`, { headers: { "api-token": app.apiKey }, body });
const create = (user_id: string, fields: object = {}) =>
  users("POST", "", { user_id, nickname: user_id, profile_url: "", ...fields });

describe("a user in Sendbird's form", () => {
  it("has the vendor's names", async () => {
    const { status, body } = await create("ann", { nickname: "Ann", metadata: { plan: "pro" } });
    expect(status).toBe(200);
    expect(body).toEqual({
      user_id: "ann",
      nickname: "Ann",
      profile_url: "",
      phone_number: "",
      metadata: { plan: "pro" },
      access_token: "",
      require_auth_for_profile_image: false,
      is_active: true,
      is_online: false,
      has_ever_logged_in: false,
      last_seen_at: 0,
      created_at: expect.any(Number),
    });
    expect((await users("GET", "/ann")).body).toEqual(body);
    const changed = await users("PUT", "/ann", { nickname: "Anne", profile_url: "https://e.com/b.png" });
    expect(changed.body).toMatchObject({ nickname: "Anne", profile_url: "https://e.com/b.png" });
  });

  it("is changed by a body that names it, as the vendor's SDK does, and by none that names another", async () => {
    await create("named");
    const own = await users("PUT", "/named", { user_id: "named", nickname: "Ned", profile_url: "" });
    expect(own.body).toMatchObject({ user_id: "named", nickname: "Ned" });
    const other = await users("PUT", "/named", { user_id: "other", nickname: "No", is_active: false });
    expect(other).toMatchObject({ status: 400, body: { error: true, code: 400111 } });
    expect(other.body.message).toContain("user_id: must be the user id in the path");
    expect((await users("GET", "/named")).body).toMatchObject({ nickname: "Ned", is_active: true });
  });

  it("is taken with 400202, and unknown with 400201", async () => {
    await create("twice");
    expect((await create("twice")).body).toEqual({
      error: true,
      code: 400202,
      message: expect.any(String),
    });
    expect((await users("GET", "/nobody")).body).toMatchObject({ error: true, code: 400201 });
    expect((await users("DELETE", "/nobody")).body).toMatchObject({ error: true, code: 400201 });
  });

  it("is refused with what isn't supported named", async () => {
    const { status, body } = await create("x", { discovery_keys: ["a"] });
    expect([status, body.error]).toEqual([400, true]);
    expect(body.message).toContain("discovery_keys");
    expect((await create("u".repeat(81))).body.message).toContain("user_id");
  });

  it("is deactivated, activated and deleted", async () => {
    await create("away");
    expect((await users("PUT", "/away", { is_active: false })).body.is_active).toBe(false);
    expect((await users("GET", "?user_ids=away&active_mode=all")).body.users).toHaveLength(1);
    expect((await users("GET", "?user_ids=away")).body.users).toEqual([]);
    expect((await users("PUT", "/away", { is_active: true })).body.is_active).toBe(true);
    expect((await users("DELETE", "/away")).body).toEqual({});
    expect((await users("GET", "/away")).status).toBe(404);
  });

  it("has tokens that read the feed", async () => {
    const { body } = await create("tom", { issue_access_token: true });
    expect((await callWithToken(body.access_token)("GET", "/feed")).status).toBe(200);
    const expiresAt = Date.now() + 3_600_000;
    const made = await users("POST", "/tom/token", { expires_at: expiresAt });
    expect(Math.abs(made.body.expires_at - expiresAt)).toBeLessThan(30_000);
    expect((await callWithToken(made.body.token)("GET", "/feed")).status).toBe(200);
    const late = await users("POST", "/tom/token", { expires_at: Date.now() + 40 * 24 * 3_600_000 });
    expect(late.status).toBe(400);
  });
});

it("lists pages with a token, and names filters that it doesn't know", async () => {
  const many = await createReadyApp();
  const list = (query: string) =>
    call("GET", `/v3/users${query}`, { headers: { "api-token": many.apiKey } }).then(({ body }) => body);
  for (let index = 0; index < 25; index++) {
    const body = { user_id: `user-${index}`, nickname: `Nick ${index}`, profile_url: "" };
    await call("POST", "/v3/users", { headers: { "api-token": many.apiKey }, body });
  }
  const seen = new Set<string>();
  let token = "";
  do {
    const body = await list(`?limit=7&token=${token}`);
    for (const { user_id } of body.users) seen.add(user_id);
    token = body.next;
  } while (token !== "");
  expect(seen.size).toBe(25);
  expect((await list("")).users).toHaveLength(10);
  expect((await list("?nickname_startswith=nick 1&limit=100")).users).toHaveLength(11);
  expect((await list("?nickname=Nick 1")).users).toHaveLength(1);
  expect((await list("?metadatakey=plan")).message).toContain("metadatakey");
});

describe("push registrations in Sendbird's form", () => {
  it("are the user's devices", async () => {
    await create("mia");
    const added = await users("POST", "/mia/push/gcm", { gcm_reg_token: "token-1" });
    expect(added.body).toMatchObject({ token: "token-1", type: "gcm", user: { user_id: "mia" } });
    const apns = "ab".repeat(32);
    await users("POST", "/mia/push/apns", { apns_device_token: apns, is_unique: true });
    await registerDevice(app, "mia", { provider: "fcm", token: "token-2" });
    const listed = await users("GET", "/mia/push/gcm");
    expect(listed.body).toEqual({ tokens: ["token-2", "token-1"], type: "gcm" });
    expect((await users("GET", `/mia/push/apns/${apns}`)).body.token).toBe(apns);
    expect((await users("DELETE", "/mia/push/gcm/token-1")).status).toBe(200);
    expect((await users("GET", "/mia/push/gcm")).body.tokens).toEqual(["token-2"]);
    expect((await users("GET", "/mia/push/gcm/token-1")).body.code).toBe(400201);
  });

  it("of a type that isn't supported are refused by name", async () => {
    const { status, body } = await users("POST", "/mia/push/huawei", { huawei_device_token: "x" });
    expect([status, body.message]).toEqual([400, expect.stringContaining("huawei")]);
  });
});
