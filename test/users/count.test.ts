import { expect, it, vi } from "vitest";
import { createApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";

it("users are counted, all of them and by the filters of their list", async () => {
  const app = await createApp();
  expect((await app.api("GET", "/user-count")).body).toEqual({ count: 0 });
  for (const [uid, role] of [
    ["ann", "admin"],
    ["anton", "default"],
    ["bea", "default"],
  ]) {
    expect((await app.api("POST", "/users", { uid, role, name: uid })).status).toBe(201);
  }
  // The registry is told of them soon after.
  await vi.waitFor(async () => {
    expect((await app.api("GET", "/user-count")).body).toEqual({ count: 3 });
  }, PATIENTLY);
  expect((await app.api("GET", "/user-count?searchKey=an")).body).toEqual({ count: 2 });
  expect((await app.api("GET", "/user-count?role=admin")).body).toEqual({ count: 1 });
  expect((await app.api("GET", "/user-count?status=online")).body).toEqual({ count: 0 });
  expect((await app.api("GET", "/user-count?createdFrom=2020-01-01")).body).toEqual({ count: 3 });
  const wrong = await app.api("GET", "/user-count?status=away&limit=3");
  expect([wrong.status, Object.keys(wrong.body.error.details).sort()]).toEqual([400, ["limit", "status"]]);
  const range = await app.api("GET", "/user-count?createdFrom=2026-01-02&createdTo=2026-01-01");
  expect([range.status, Object.keys(range.body.error.details)]).toEqual([400, ["createdTo"]]);
});
