import { beforeAll, describe, expect, it } from "vitest";
import { API, call, createReadyApp, type TestApp } from "../support/api.ts";

let app: TestApp;
let authorization: string;
beforeAll(async () => {
  app = await createReadyApp();
  for (const uid of ["a", "b", "c"]) await app.call("POST", "/v3/business-messaging/api/users", { uid });
  for (let version = 1; version < 4; version++) {
    await app.api("PUT", "/templates/order-confirmation", {
      content: { "in-app-alerts": { text: `${version}` } },
    });
  }
  await app.api("POST", "/templates", { name: "Second", channelKeys: [] });
  authorization = `Bearer ${await app.tokenFor("a")}`;
});

const encode = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("=", "");
const LISTS = [
  "/v3/business-messaging/api/users",
  `${API}/users`,
  `${API}/templates`,
  `${API}/templates/order-confirmation/versions`,
  `${API}/notifications`,
  `${API}/feed`,
];
const get = (path: string) => call("GET", path, { headers: { ...app.headers, authorization } });

describe("a range", () => {
  it("whose end is before its start is refused wherever there is one; a day is one", async () => {
    const range = (first: string, last: string) => `${first}=2026-04-02&${last}=2026-04-01`;
    const sameDay = (first: string, last: string) => `${first}=2026-04-02&${last}=2026-04-02`;
    for (const [path, first, last] of [
      ["/notifications", "from", "to"],
      ["/audit-log", "from", "to"],
      ["/analytics/channels", "from", "to"],
      ["/users", "createdFrom", "createdTo"],
    ] as const) {
      const { status, body } = await app.api("GET", `${path}?${range(first, last)}`);
      expect([status, Object.keys(body.error?.details ?? {})], path).toEqual([400, [last]]);
      expect((await app.api("GET", `${path}?${sameDay(first, last)}`)).status, path).toBe(200);
    }
  });
});

describe("a cursor", () => {
  it.each(LISTS)("that %s didn't give out is refused", async (path) => {
    for (const cursor of [
      "",
      "x",
      "%00",
      "=",
      encode([]),
      encode([1]),
      encode(["a", "b", "c"]),
      encode({}),
      "W10==",
    ]) {
      const { status, body } = await get(`${path}?cursor=${encodeURIComponent(cursor)}`);
      expect([status, Object.keys(body.error?.details ?? {})], cursor).toEqual([400, ["cursor"]]);
    }
  });

  it.each([
    "/v3/business-messaging/api/users",
    `${API}/templates`,
    `${API}/templates/order-confirmation/versions`,
  ])("of %s is of no use when it was cut or changed", async (path) => {
    const { nextCursor } = (await get(`${path}?limit=1`)).body;
    expect(nextCursor).toMatch(/^[\w-]+$/);
    expect((await get(`${path}?limit=1&cursor=${nextCursor}`)).status).toBe(200);
    for (const cursor of [
      nextCursor.slice(0, -3),
      `${nextCursor}A`,
      `A${nextCursor}`,
      nextCursor.toUpperCase(),
    ]) {
      expect((await get(`${path}?cursor=${cursor}`)).status, cursor).toBe(400);
    }
  });

  it("of another list is refused by the list of versions", async () => {
    const { nextCursor } = (await get(`${API}/templates?limit=1`)).body;
    const path = `${API}/templates/order-confirmation/versions`;
    expect((await get(`${path}?cursor=${nextCursor}`)).status).toBe(400);
  });

  it("that was made up gives at most what the list has, or is refused", async () => {
    expect(
      (await get(`/v3/business-messaging/api/users?cursor=${encode(["' OR 1=1 --"])}`)).body.data,
    ).toHaveLength(3);
    expect((await get(`/v3/business-messaging/api/users?cursor=${encode(["b"])}`)).body.data).toHaveLength(1);
    expect((await get(`${API}/templates?cursor=${encode(["zzz"])}`)).body.data).toHaveLength(2);
    expect((await get(`${API}/notifications?cursor=${encode(["zzz"])}`)).status).toBe(400);
    expect((await get(`${API}/feed?cursor=${encode(["zzz", "zzz"])}`)).body.data).toEqual([]);
  });
});

const namesOf = (query: string): string[] => [...new URLSearchParams(query).keys()];

describe("a query", () => {
  it("has no names that nobody asked for, nor those that every object has", async () => {
    for (const query of [
      "unknown=1",
      "__proto__=1",
      "constructor=1&toString=2",
      "__proto__[limit]=1",
      "%F0",
    ]) {
      const { status, body } = await get(`/v3/business-messaging/api/users?${query}`);
      expect([status, Object.keys(body.error.details)]).toEqual([400, namesOf(query)]);
    }
  });

  it("counts the first of two values", async () => {
    expect((await get("/v3/business-messaging/api/users?perPage=1&perPage=2")).body.data).toHaveLength(1);
  });

  it("names every wrong parameter in one answer", async () => {
    const { status, body } = await get(
      "/v3/business-messaging/api/users?perPage=0&status=away&createdTo=soon",
    );
    expect([status, Object.keys(body.error.details).sort()]).toEqual([
      400,
      ["createdTo", "perPage", "status"],
    ]);
  });

  it.each(["2026-13-01", "2026-04-15T10:30:00", "1776249000000", "2026-04-15T25:00:00Z", " 2026-04-15"])(
    "takes no time like %s",
    async (time) => {
      const { status, body } = await get(
        `/v3/business-messaging/api/users?createdFrom=${encodeURIComponent(time)}`,
      );
      expect([status, Object.keys(body.error.details)]).toEqual([400, ["createdFrom"]]);
    },
  );

  it.each(["2026-04-15", "2026-04-15T10:30Z", "2026-04-15T10:30:00.123Z", "2026-04-15T10:30:00+02:00"])(
    "takes a time like %s",
    async (time) => {
      expect(
        (await get(`/v3/business-messaging/api/users?createdTo=${encodeURIComponent(time)}`)).status,
      ).toBe(200);
    },
  );
});

describe("a path", () => {
  it.each([
    `${API}/channels/%`,
    `${API}/templates/%E0%A4%A`,
    `${API}/templates/%FF/versions`,
    "/v3/business-messaging/api/users/%zz",
    `${API}/notifications/%C3%28`,
    "/admin/apps/%ff",
  ])("%s isn't valid percent-encoding", async (path) => {
    const headers = path.startsWith("/admin") ? { authorization: "Bearer test-admin-token" } : app.headers;
    const { status, body } = await call("GET", path, { headers });
    expect([status, body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
  });

  it("in a feed that isn't valid percent-encoding neither", async () => {
    const { status } = await call("POST", `${API}/feed/%E0/viewed`, { headers: { authorization } });
    expect(status).toBe(400);
  });

  it("is decoded once", async () => {
    await app.call("POST", "/v3/business-messaging/api/users", { uid: "%2b" });
    expect((await get("/v3/business-messaging/api/users/%252b")).body.uid).toBe("%2b");
    expect((await get("/v3/business-messaging/api/users/%2b")).status).toBe(404);
  });
});
