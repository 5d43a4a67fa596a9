import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { encodeCursor } from "../../src/http/pagination.ts";
import worker from "../../src/index.ts";
import { ADMIN_TOKEN, API, type Body, call, callAsAdmin } from "../support/api.ts";

const ADMIN_ROUTES = [
  ["POST", "/admin/apps"],
  ["GET", "/admin/apps"],
  ["GET", "/admin/apps/shop"],
  ["POST", "/admin/apps/shop/keys"],
  ["GET", "/admin/apps/shop/keys"],
  ["DELETE", "/admin/apps/shop/keys/some-key"],
  ["GET", "/admin/apps/shop/audit/01900000-0000-7000-8000-000000000000"],
] as const;

describe("the admin routes", () => {
  it.each(ADMIN_ROUTES)("%s %s let nobody in without the admin token", async (method, path) => {
    const body = method === "POST" ? { name: "Shop", scopes: ["read"] } : undefined;
    for (const authorization of [
      "",
      "Bearer",
      "Bearer wrong",
      `Basic ${ADMIN_TOKEN}`,
      `Bearer ${ADMIN_TOKEN}x`,
    ]) {
      const answer = await call(method, path, { headers: { authorization }, body });
      expect([answer.status, answer.body.error.code]).toEqual([401, "ERR_UNAUTHORIZED"]);
    }
    expect((await call(method, path, { body })).status).toBe(401);
  });

  it.each(ADMIN_ROUTES)("%s %s are closed where no admin token is set", async (method, path) => {
    const request = new Request<unknown, IncomingRequestCfProperties>(`https://onecall.test${path}`, {
      method,
      headers: { authorization: "Bearer undefined" },
    });
    for (const token of [undefined, ""]) {
      const bindings = { ...env, ADMIN_TOKEN: token };
      const response = await worker.fetch(request, bindings, createExecutionContext());
      const { error } = await response.json<Body>();
      expect([response.status, error.code]).toEqual([403, "ERR_FORBIDDEN"]);
    }
  });
});

describe("an app", () => {
  it("is created with its first key", async () => {
    const { status, body } = await callAsAdmin("POST", "/admin/apps", { id: "shop", name: "My shop" });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: "shop",
      name: "My shop",
      apiKey: expect.stringMatching(/^oc_shop_[\w-]{43}$/),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    const headers = { appid: "shop", apikey: body.apiKey };
    expect((await call("GET", `${API}/channels`, { headers })).status).toBe(200);
  });

  it("gets an id of its own where none is given, even with another app's name", async () => {
    const ids = [];
    for (const name of ["Été 2026", "Été 2026", "日本"]) {
      ids.push((await callAsAdmin("POST", "/admin/apps", { name })).body.id);
    }
    expect(ids[0]).toMatch(/^ete-2026-[0-9a-f]{6}$/);
    expect(ids[2]).toMatch(/^app-[0-9a-f]{6}$/);
    expect(new Set(ids).size).toBe(3);
  });

  it("keeps its id for itself: a second one is refused and changes nothing", async () => {
    const { body: first } = await callAsAdmin("POST", "/admin/apps", { id: "unique", name: "First" });
    const { status, body } = await callAsAdmin("POST", "/admin/apps", { id: "unique", name: "Second" });
    expect([status, body.error.code]).toEqual([409, "ERR_CONFLICT"]);
    expect((await callAsAdmin("GET", "/admin/apps/unique")).body.name).toBe("First");
    expect((await callAsAdmin("GET", "/admin/apps/unique/keys")).body.data).toHaveLength(1);
    const headers = { appid: "unique", apikey: first.apiKey };
    expect((await call("GET", `${API}/channels`, { headers })).status).toBe(200);
  });

  it.each(["a", "-shop", "Shop", "shop_1", "shop:1", "x".repeat(64), 7])(
    "can't have the id %j",
    async (id) => {
      const { status, body } = await callAsAdmin("POST", "/admin/apps", { id, name: " " });
      expect([status, Object.keys(body.error.details).sort()]).toEqual([400, ["id", "name"]]);
    },
  );

  it("may be called like what every object has", async () => {
    const { body } = await callAsAdmin("POST", "/admin/apps", { id: "constructor", name: "Odd" });
    const headers = { appid: "constructor", apikey: body.apiKey };
    expect((await call("GET", `${API}/channels`, { headers })).body.data).toEqual([]);
  });

  it("is shown without any secret", async () => {
    const { body: created } = await callAsAdmin("POST", "/admin/apps", { id: "shown", name: "Shown" });
    const { status, body } = await callAsAdmin("GET", "/admin/apps/shown");
    expect(status).toBe(200);
    expect(body).toEqual({
      id: "shown",
      name: "Shown",
      shardCount: 64,
      foldsUserIds: true,
      createdAt: created.createdAt,
      quotas: expect.objectContaining({ keys: { limit: 1000, used: 1 } }),
    });
  });

  it.each(["nobody", "NOBODY", "__proto__", "a:b"])("is 404 where there is none: %s", async (id) => {
    for (const path of ["", "/keys", "/audit/01900000-0000-7000-8000-000000000000"]) {
      expect((await callAsAdmin("GET", `/admin/apps/${id}${path}`)).status).toBe(404);
    }
    const key = { name: "k", scopes: ["read"] };
    expect((await callAsAdmin("POST", `/admin/apps/${id}/keys`, key)).status).toBe(404);
  });
});

it("lists all apps by id, page by page", async () => {
  for (const id of ["list-b", "list-a", "list-c"]) await callAsAdmin("POST", "/admin/apps", { id, name: id });
  const ids: string[] = [];
  let query = "?limit=2";
  for (let page = 0; query !== "" && page < 20; page++) {
    const { body } = await callAsAdmin("GET", `/admin/apps${query}`);
    expect(body.data.length).toBeLessThanOrEqual(2);
    ids.push(...body.data.map((app: Body) => app.id));
    query = body.nextCursor === null ? "" : `?limit=2&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
  expect(ids).toEqual(ids.toSorted());
  expect(ids.filter((id) => id.startsWith("list-"))).toEqual(["list-a", "list-b", "list-c"]);
});

/** A page of the admin's lists from a namespace whose list fails. */
async function callWithKvThat(
  fail: () => Error,
  path: string,
  cursor: string,
): Promise<{ status: number; error: Body }> {
  const list = () => Promise.reject(fail());
  const CONFIG = new Proxy(env.CONFIG, {
    get: (kv, name) => (name === "list" ? list : Reflect.get(kv, name, kv)),
  });
  const request = new Request<unknown, IncomingRequestCfProperties>(
    `https://onecall.test${path}?cursor=${cursor}`,
    { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
  );
  const response = await worker.fetch(request, { ...env, CONFIG }, createExecutionContext());
  return { status: response.status, error: (await response.json<Body>()).error };
}

it("refuses a cursor that the list of apps didn't give out", async () => {
  for (const inner of ["?", "a", "%", "\u0000", "é", "🦊", "x".repeat(5000), "nothing that KV gave out"]) {
    const cursor = encodeCursor([inner]);
    for (const path of ["/admin/apps", "/admin/status"]) {
      expect([200, 400]).toContain((await callAsAdmin("GET", `${path}?cursor=${cursor}`)).status);
      const refused = await callWithKvThat(
        () => new Error("KV LIST failed: 400 Invalid cursor"),
        path,
        cursor,
      );
      expect([refused.status, Object.keys(refused.error.details)]).toEqual([400, ["cursor"]]);
      const failed = await callWithKvThat(
        () => new Error("KV LIST failed: 503 Service Unavailable"),
        path,
        cursor,
      );
      expect(failed.status).toBe(503);
    }
  }
  const { status, body } = await callAsAdmin("GET", "/admin/apps?cursor=garbage");
  expect([status, body.error?.code]).toEqual([400, "ERR_BAD_REQUEST"]);
});
