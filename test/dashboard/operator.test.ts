import { beforeAll, describe, expect, it } from "vitest";
import { ADMIN_TOKEN, type Answer, callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { callFromPage, OWN_PAGE, signIn } from "../support/dashboard.ts";

/** The operator's session: apps that it opens, and the links that begin one. */

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

const as = (cookie: string, more: Record<string, string> = {}) => ({
  headers: { ...OWN_PAGE, cookie, ...more },
});

describe("an app that the operator opens", () => {
  const open = (cookie: string, id: string) =>
    callFromPage("POST", "/dashboard/session/app", { ...as(cookie), body: { app: id } });
  const cookieOf = ({ headers }: Answer) => (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const countLines = async (own: TestApp) =>
    (await own.api("GET", "/audit-log?action=dashboard.opened")).body.data.length;

  it("has a line for the session in its audit log, however often pages are loaded", async () => {
    const [first, second] = [await createReadyApp(), await createReadyApp()];
    let { cookie } = await signIn({ token: ADMIN_TOKEN });
    for (const { id } of [first, second, first, second]) {
      const opened = await open(cookie, id);
      expect([opened.status, opened.body.id]).toEqual([200, id]);
      cookie = cookieOf(opened);
      const found = await callFromPage("GET", "/dashboard/session", as(cookie));
      expect(found.body.app.id).toBe(id);
    }
    expect([await countLines(first), await countLines(second)]).toEqual([1, 1]);
    const other = await signIn({ token: ADMIN_TOKEN });
    await open(other.cookie, first.id);
    expect(await countLines(first)).toBe(2);
  });

  it("doesn't make the session last longer", async () => {
    const { cookie, answer } = await signIn({ token: ADMIN_TOKEN });
    const opened = await open(cookie, app.id);
    const age = Number(/Max-Age=(\d+)/.exec(opened.headers.get("set-cookie") ?? "")?.[1]);
    expect(age).toBeLessThanOrEqual(43_200);
    const found = await callFromPage("GET", "/dashboard/session", as(cookieOf(opened)));
    expect(Date.parse(found.body.expiresAt)).toBeLessThanOrEqual(Date.parse(answer.body.expiresAt));
  });

  it("is the link's own too, and one that was deleted is none", async () => {
    const own = await createReadyApp();
    const made = await callAsAdmin("POST", `/admin/apps/${own.id}/sign-in-codes`);
    const { cookie } = await signIn({ code: made.body.code });
    await open(cookie, own.id);
    expect(await countLines(own)).toBe(1);
    expect((await callFromPage("GET", "/dashboard/session", as(cookie))).body.app.id).toBe(own.id);
    await callAsAdmin("DELETE", `/admin/apps/${own.id}`, { name: "Test app" });
    const found = await callFromPage("GET", "/dashboard/session", as(cookie));
    expect([found.status, found.body.role, found.body.app]).toEqual([200, "operator", null]);
  });

  it("is one of twenty that a session remembers: its cookie stays small", async () => {
    const ids = Array.from({ length: 21 }, (_, index) => `${"long-".repeat(12)}${index}`);
    for (const id of ids) await callAsAdmin("POST", "/admin/apps", { id, name: "Long", shardCount: 16 });
    let { cookie } = await signIn({ token: ADMIN_TOKEN });
    for (const id of ids) cookie = cookieOf(await open(cookie, id));
    expect(cookie.length).toBeLessThan(4000);
    const newest = ids.at(-1) ?? "";
    expect((await callFromPage("GET", "/dashboard/session", as(cookie))).body.app.id).toBe(newest);
  });
});

describe("a link", () => {
  it("signs the operator in once", async () => {
    const made = await callAsAdmin("POST", `/admin/apps/${app.id}/sign-in-codes`);
    expect(made.body.url).toBe(`https://onecall.test/dashboard/sign-in#code=${made.body.code}`);
    const { answer, cookie } = await signIn({ code: made.body.code });
    expect(answer.body).toMatchObject({ role: "operator", app: { id: app.id } });
    expect((await callFromPage("GET", "/admin/apps", as(cookie))).status).toBe(200);
    expect((await signIn({ code: made.body.code })).answer.status).toBe(401);
    for (const code of ["", "x", `${app.id}.x`, "no-such-app.x", "..x"]) {
      expect([code, (await signIn({ code })).answer.status]).toEqual([code, code === "" ? 400 : 401]);
    }
  });

  it("is one of twenty that can be used at a time", async () => {
    const own = await createReadyApp();
    const make = () => callAsAdmin("POST", `/admin/apps/${own.id}/sign-in-codes`);
    for (let index = 0; index < 20; index++) expect((await make()).status).toBe(201);
    expect((await make()).status).toBe(409);
  });
});
