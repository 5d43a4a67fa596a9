import { beforeAll, describe, expect, it } from "vitest";
import { createApp, type TestApp } from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createApp();
});
const create = (body: unknown) => app.call("POST", "/v3/business-messaging/api/users", body);
const pathOf = (uid: string) => `/v3/business-messaging/api/users/${encodeURIComponent(uid)}`;

describe("a user", () => {
  it("is created with all that is given", async () => {
    const given = {
      uid: "jane",
      name: "Jane",
      avatar: "https://example.com/jane.png",
      role: "admin",
      metadata: { plan: "pro", nested: [1, { a: null }] },
    };
    const { status, body } = await create(given);
    expect(status).toBe(201);
    expect(body).toEqual({
      ...given,
      status: "offline",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updatedAt: body.createdAt,
    });
    expect((await app.call("GET", "/v3/business-messaging/api/users/jane")).body).toEqual(body);
  });

  it("needs no more than a uid", async () => {
    const { body } = await create({ uid: "bare" });
    expect(body).toMatchObject({ uid: "bare", name: "bare", avatar: null, role: "default", metadata: null });
  });

  it("is the same at the management API's path", async () => {
    const { body } = await app.api("POST", "/users", { uid: "both-paths" });
    expect((await app.call("GET", "/v3/business-messaging/api/users/both-paths")).body).toEqual(body);
    expect((await app.api("GET", "/users/both-paths")).body).toEqual(body);
    expect((await app.api("PUT", "/users/both-paths", { name: "B" })).body.name).toBe("B");
    expect((await app.api("DELETE", "/users/both-paths")).status).toBe(200);
    expect((await app.call("GET", "/v3/business-messaging/api/users/both-paths")).status).toBe(404);
  });

  it("is created once", async () => {
    await create({ uid: "twice", name: "First" });
    const { status, body } = await create({ uid: "twice", name: "Second" });
    expect([status, body.error.code]).toEqual([409, "ERR_CONFLICT"]);
    expect((await app.call("GET", "/v3/business-messaging/api/users/twice")).body.name).toBe("First");
  });

  it.each([
    "ünï-😀",
    "a/b",
    "a%2fb",
    "a b",
    "'; --",
    "__proto__",
    "constructor",
    "x".repeat(255),
    "日".repeat(85),
  ])("may have the uid %s", async (uid) => {
    expect((await create({ uid })).status).toBe(201);
    expect((await app.call("GET", pathOf(uid))).body.uid).toBe(uid);
    expect((await app.call("PUT", pathOf(uid), { role: "odd" })).body).toMatchObject({ uid, role: "odd" });
    expect((await app.call("POST", `${pathOf(uid)}/auth_tokens`)).status).toBe(201);
    expect((await app.call("DELETE", pathOf(uid))).status).toBe(200);
  });

  it.each([
    "",
    "  ",
    " jane",
    "jane ",
    "jane\u00a0",
    "\ufeffjane",
    "a\nb",
    "\u007f",
    "\u0085",
    "\ud800",
    "x".repeat(256),
    "日".repeat(86),
    7,
    null,
  ])("can't have the uid %j", async (uid) => {
    const { status, body } = await create({ uid });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["uid"]]);
  });

  it("is refused with every wrong field named", async () => {
    const { status, body } = await create({ name: "", avatar: 1, role: " ", metadata: [] });
    expect(status).toBe(400);
    expect(Object.keys(body.error.details).sort()).toEqual(["avatar", "metadata", "name", "role", "uid"]);
  });

  it("keeps metadata of any names up to 16 KB", async () => {
    const metadata = `{"__proto__":{"a":1},"constructor":"\\u0000\\ud800"}`;
    expect((await create(`{"uid":"odd-metadata","metadata":${metadata}}`)).status).toBe(201);
    const { body } = await app.call("GET", "/v3/business-messaging/api/users/odd-metadata");
    expect(JSON.stringify(body.metadata)).toBe(JSON.stringify(JSON.parse(metadata)));
    expect((await create({ uid: "fat", metadata: { a: "x".repeat(16 * 1024) } })).status).toBe(400);
  });
});

describe("updating a user", () => {
  it("changes the given fields only, null taking a value away", async () => {
    const { body: user } = await create({ uid: "edited", avatar: "a.png", metadata: { a: 1 } });
    const { status, body } = await app.call("PUT", "/v3/business-messaging/api/users/edited", {
      name: "New",
      avatar: null,
    });
    expect(status).toBe(200);
    expect(body).toEqual({ ...user, name: "New", avatar: null, updatedAt: expect.any(String) });
    expect(
      (await app.call("PUT", "/v3/business-messaging/api/users/edited", { metadata: null })).body.metadata,
    ).toBeNull();
  });

  it("doesn't move it to another uid", async () => {
    await create({ uid: "stays" });
    await app.call("PUT", "/v3/business-messaging/api/users/stays", { uid: "moved" });
    expect((await app.call("GET", "/v3/business-messaging/api/users/moved")).status).toBe(404);
    expect((await app.call("GET", "/v3/business-messaging/api/users/stays")).status).toBe(200);
  });

  it("is refused whole where a field is wrong", async () => {
    const { body: user } = await create({ uid: "whole" });
    expect(
      (await app.call("PUT", "/v3/business-messaging/api/users/whole", { name: "New", role: 1 })).status,
    ).toBe(400);
    expect((await app.call("GET", "/v3/business-messaging/api/users/whole")).body).toEqual(user);
  });
});

it.each(["nobody", "__proto__", "x".repeat(300), "a\u0000b"])("answers 404 for the user %j", async (uid) => {
  for (const [method, body] of [["GET"], ["PUT", { name: "x" }], ["DELETE"]] as const) {
    const { status, body: answer } = await app.call(method, pathOf(uid), body);
    expect([status, answer.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
  }
});
