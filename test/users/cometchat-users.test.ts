import { beforeAll, describe, expect, it } from "vitest";
import { API, type Body, call, callWithToken, createReadyApp, type TestApp } from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

const users = (method: string, path = "", body?: unknown, headers: Record<string, string> = {}) =>
  app.call(method, `/v3/users${path}`, body, headers);

describe("a user in CometChat's form", () => {
  it("is answered under data, with 200, times in Unix seconds and without what is absent", async () => {
    const { status, body } = await users("POST", "", { uid: "ann", name: "Ann" });
    expect(status).toBe(200);
    const now = Date.now() / 1000;
    expect(body.data).toEqual({
      uid: "ann",
      name: "Ann",
      role: "default",
      status: "offline",
      createdAt: expect.any(Number),
      updatedAt: expect.any(Number),
    });
    expect(Math.abs(body.data.createdAt - now)).toBeLessThan(60);
    expect((await users("GET", "/ann")).body).toEqual(body);
  });

  it("has link, status message, tags, role and metadata", async () => {
    const fields = {
      name: "Ian",
      avatar: "https://e.com/a.png",
      link: "https://e.com",
      role: "vip",
      statusMessage: "hi",
      tags: ["a", "b"],
      metadata: { "@private": { email: "i@e.com" } },
    };
    expect((await users("POST", "", { uid: "ian", ...fields })).body.data).toMatchObject(fields);
    const { body } = await users("PUT", "/ian", { tags: ["c"], link: null });
    expect(body.data).toMatchObject({ tags: ["c"], role: "vip" });
    expect(body.data).not.toHaveProperty("link");
  });

  it("comes with a token where one is asked for", async () => {
    const { body } = await users("POST", "", { uid: "eve", name: "Eve", withAuthToken: true });
    expect((await callWithToken(body.data.authToken)("GET", "/feed")).status).toBe(200);
  });

  it("is created once, and is unknown by that code", async () => {
    await users("POST", "", { uid: "twice", name: "One" });
    const again = await users("POST", "", { uid: "twice", name: "Two" });
    expect([again.status, again.body.error.code]).toEqual([409, "ERR_UID_ALREADY_EXISTS"]);
    for (const [method, body] of [["GET"], ["PUT", { name: "x" }], ["DELETE"]] as const) {
      const unknown = await users(method, "/nobody", body);
      expect([unknown.status, unknown.body.error.code]).toEqual([404, "ERR_UID_NOT_FOUND"]);
    }
  });

  it("may come as a form", async () => {
    const form = new URLSearchParams({ uid: "fay", name: "Fay", email: "f@e.com", contactNumber: "" });
    const { status, body } = await users("POST", "", form.toString(), {
      "content-type": "application/x-www-form-urlencoded",
    });
    expect([status, body.data?.metadata]).toEqual([200, { "@private": { email: "f@e.com" } }]);
  });

  it("has lists and metadata as JSON in a form; PHP's brackets are named", async () => {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const form = new URLSearchParams({
      uid: "flo",
      name: "Flo",
      tags: '["vip"]',
      metadata: '{"plan":"pro"}',
    });
    const { status, body } = await users("POST", "", form.toString(), type);
    expect([status, body.data?.tags, body.data?.metadata]).toEqual([200, ["vip"], { plan: "pro" }]);
    const brackets = new URLSearchParams({ uid: "pip", name: "Pip", "tags[]": "vip" });
    const refused = await users("POST", "", brackets.toString(), type);
    expect([refused.status, Object.keys(refused.body.error.details)]).toEqual([400, ["tags[]"]]);
  });

  it("is refused with what isn't supported named", async () => {
    const { status, body } = await users("POST", "", { uid: "x", name: "X", friends: ["y"], tags: [""] });
    expect([status, Object.keys(body.error.details).sort()]).toEqual([400, ["friends", "tags.0"]]);
  });
});

describe("deleting in CometChat's form", () => {
  it("deactivates, which can be undone", async () => {
    const { body: made } = await users("POST", "", { uid: "away", name: "A", withAuthToken: true });
    const asAway = callWithToken(made.data.authToken);
    expect((await users("DELETE", "/away")).body).toEqual({
      data: { success: true, message: expect.stringContaining("away") },
    });
    expect((await asAway("GET", "/feed")).status).toBe(401);
    expect((await users("POST", "/away/auth_tokens")).status).toBe(409);
    expect((await users("GET", "/away")).body.data.deactivatedAt).toEqual(expect.any(Number));
    expect((await users("GET", "?searchKey=away")).body.data).toEqual([]);
    const back = await users("PUT", "", { uidsToActivate: ["away", "nobody"] });
    expect(back.body.data).toMatchObject({ away: { success: true }, nobody: { success: false } });
    expect((await asAway("GET", "/feed")).status).toBe(200);
    await users("DELETE", "", { uidsToDeactivate: ["away"] });
    expect((await asAway("GET", "/feed")).status).toBe(401);
  });

  it.each([
    ["in the body", "", { permanent: true }, {}],
    ["in the query", "?permanent=true", undefined, {}],
    ["in a header", "", undefined, { permanent: "True" }],
  ])("erases where permanent is given %s", async (_, query, body, headers) => {
    await users("POST", "", { uid: "gone", name: "G" });
    expect((await users("DELETE", `/gone${query}`, body, headers)).status).toBe(200);
    expect((await users("GET", "/gone")).status).toBe(404);
  });
});

describe("tokens in CometChat's form", () => {
  it("are made, listed and removed", async () => {
    await users("POST", "", { uid: "tom", name: "Tom" });
    const [first, second] = [
      (await users("POST", "/tom/auth_tokens", {})).body.data.authToken,
      (await users("POST", "/tom/auth_tokens", { force: true })).body.data.authToken,
    ];
    const listed = (await users("GET", "/tom/auth_tokens")).body.data;
    expect(listed.map(({ authToken }: Body) => authToken)).toEqual([second, first]);
    expect((await users("POST", "/tom/auth_tokens", { force: false })).body.data.authToken).toBe(second);
    expect((await users("DELETE", `/tom/auth_tokens/${first}`)).status).toBe(200);
    expect((await callWithToken(first)("GET", "/feed")).status).toBe(401);
    expect((await callWithToken(second)("GET", "/feed")).status).toBe(200);
    expect((await users("GET", "/tom/auth_tokens")).body.data).toHaveLength(1);
    expect((await users("DELETE", "/tom/auth_tokens/abc")).status).toBe(200);
  });

  it("of another user aren't removed", async () => {
    const { authToken } = (await users("POST", "/una/auth_tokens")).body.data;
    await users("DELETE", `/tom/auth_tokens/${authToken}`);
    expect((await callWithToken(authToken)("GET", "/feed")).status).toBe(200);
  });
});

describe("CometChat's list", () => {
  let many: TestApp;
  const list = async (query: string) => (await many.call("GET", `/v3/users${query}`)).body;
  beforeAll(async () => {
    many = await createReadyApp();
    for (let index = 0; index < 45; index++) {
      await many.call("POST", "/v3/users", {
        uid: `user-${index}`,
        name: `Name ${index}`,
        role: index % 3 === 0 ? "vip" : "member",
        tags: index < 7 ? ["early"] : [],
      });
    }
  }, 60_000);

  it("has pages with totals, each user once", async () => {
    const first = await list("");
    expect(first.meta.pagination).toEqual({
      total: 45,
      count: 20,
      per_page: 20,
      current_page: 1,
      total_pages: 3,
    });
    const seen = new Set<string>();
    for (let page = 1; page <= 7; page++) {
      for (const { uid } of (await list(`?perPage=7&page=${page}`)).data) seen.add(uid);
    }
    expect(seen.size).toBe(45);
    expect((await list("?perPage=7&page=8")).data).toEqual([]);
    expect((await list("?perPage=1000")).data).toHaveLength(45);
  });

  it("asks the registry and the shards that have the page, and no other", async () => {
    const { users: found } = await list("?perPage=1&page=3").then((body) => ({ users: body.data }));
    expect(found).toHaveLength(1);
  });

  it("keeps what each filter says, with its totals", async () => {
    expect((await list("?role=vip&perPage=10")).meta.pagination).toMatchObject({ total: 15, count: 10 });
    expect((await list("?roles=vip,member")).meta.pagination.total).toBe(45);
    const tagged = await list("?tags=early&withTags=true");
    expect(tagged.data).toHaveLength(7);
    expect(tagged.data.every(({ tags }: Body) => tags.includes("early"))).toBe(true);
    expect((await list("?tags=early")).data[0]).not.toHaveProperty("tags");
    // Uids are in lower case, in whatever case one looks for them.
    const found = (await list("?searchKey=user-4")).data;
    expect(found).toHaveLength(6);
    expect((await list("?searchKey=USER-4")).data).toEqual(found);
    expect((await list("?searchKey=name 4&searchIn=name")).meta.pagination.total).toBe(6);
    expect((await list("?searchKey=name 4&searchIn=uid")).data).toEqual([]);
    expect((await list("?status=available")).data).toEqual([]);
    expect((await list("?status=offline")).meta.pagination.total).toBe(45);
  });

  it("has the total of now, after users came and went", async () => {
    await many.call("POST", "/v3/users", { uid: "late", name: "Late" });
    expect((await list("?perPage=1")).meta.pagination.total).toBe(46);
    await many.call("DELETE", "/v3/users/late");
    expect((await list("?perPage=1")).meta.pagination.total).toBe(45);
    await many.call("DELETE", "/v3/users/late", { permanent: true });
    expect((await list("?perPage=1")).meta.pagination.total).toBe(45);
  });

  it("names what it doesn't know", async () => {
    const { status, body } = await many.call("GET", "/v3/users?perPage=1001&hideBlockedUsers=1&page=0");
    expect([status, Object.keys(body.error.details).sort()]).toEqual([
      400,
      ["hideBlockedUsers", "page", "perPage"],
    ]);
  });
});

it("our own form and the vendor's are of the same users", async () => {
  await users("POST", "", { uid: "both", name: "Both" });
  expect((await call("GET", `${API}/users/both`, { headers: app.headers })).body.name).toBe("Both");
});
