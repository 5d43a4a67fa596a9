import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { type Body, call, callAsAdmin, createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { callPlatform, listStored, presign, uploadCsv } from "../support/targets-files.ts";

let app: TestApp;
let uploadedFrom: number;

beforeAll(async () => {
  app = await createApp();
  uploadedFrom = Date.now();
  for (const name of ["a", "b", "c"]) await uploadCsv(app, `${name}.csv`, "user_id\nu\nv\n");
});

const FILES = "/v1/storage/targets_files";
const DAY_MS = 86_400_000;
const list = async (owner: TestApp, query = ""): Promise<Body> =>
  (await callPlatform(owner, "GET", `${FILES}${query}`)).body;
const keysOf = (body: Body): string[] => body.files.map((file: Body) => file.file_key);

/** Moves a file's expiry to this moment. */
async function expire(owner: TestApp, fileKey: string): Promise<void> {
  const registry = bindings.REGISTRY.getByName(owner.id);
  await runInDurableObject(registry, (_, { storage }) => {
    storage.sql.exec("UPDATE targets_files SET expires_at = ? WHERE file_key = ?", Date.now(), fileKey);
  });
}

describe("the list of targets files", () => {
  it("has the seed's fields, newest first, times in Unix ms, and an empty next at its end", async () => {
    const body = await list(app);
    expect(body).toEqual({
      files: ["c.csv", "b.csv", "a.csv"].map((file_key) => ({
        file_key,
        file_size: 12,
        expires_at: expect.any(Number),
        uploaded_at: expect.any(Number),
      })),
      next: "",
    });
    for (const { uploaded_at, expires_at } of body.files) {
      expect(uploaded_at).toBeGreaterThanOrEqual(uploadedFrom);
      expect(uploaded_at).toBeLessThanOrEqual(Date.now());
      expect(expires_at - uploaded_at).toBe(30 * DAY_MS);
    }
  });

  it("comes in pages of limit files, each with the token of the next", async () => {
    const first = await list(app, "?limit=2");
    expect([keysOf(first), first.next]).toEqual([["c.csv", "b.csv"], expect.stringMatching(/./)]);
    const second = await list(app, `?limit=2&token=${encodeURIComponent(first.next)}`);
    expect([keysOf(second), second.next]).toEqual([["a.csv"], ""]);
    expect(keysOf(await list(app, "?limit=3"))).toHaveLength(3);
    expect((await list(app, "?limit=3&token=")).next).toBe("");
  });

  it.each(["limit=0", "limit=101", "limit=x", "limit=1.5", "token=nonsense"])("refuses %s", async (query) => {
    const { status, body } = await callPlatform(app, "GET", `${FILES}?${query}`);
    expect([status, body.error, body.code]).toEqual([400, true, 400111]);
    expect(body.message).toContain(query.split("=")[0]);
  });

  it("is empty where nothing was uploaded, also after a presigning", async () => {
    const fresh = await createApp();
    await presign(fresh, "only-presigned.csv");
    expect(await list(fresh)).toEqual({ files: [], next: "" });
  });

  it("puts a file that was overwritten first", async () => {
    const fresh = await createApp();
    for (const key of ["1", "2"]) await uploadCsv(fresh, key, "user_id\nu\n");
    await uploadCsv(fresh, "1", "user_id\nu\n", true);
    expect(keysOf(await list(fresh))).toEqual(["1", "2"]);
  });
});

describe("one targets file", () => {
  it("is shown with its rows, columns and duplicates", async () => {
    await uploadCsv(app, "one.csv", "user_id,a,_reason\nu,1,x\nu,2,x\nv,3,x\n");
    const { status, body } = await callPlatform(app, "GET", `${FILES}/one.csv`);
    expect([status, body]).toEqual([
      200,
      {
        file_key: "one.csv",
        file_size: 36,
        uploaded_at: expect.any(Number),
        expires_at: expect.any(Number),
        rows: 2,
        columns: ["a"],
        duplicates: 1,
      },
    ]);
  });

  it("is gone after it was deleted, and its key is free", async () => {
    await uploadCsv(app, "gone.csv", "user_id\nu\n");
    expect((await callPlatform(app, "DELETE", `${FILES}/gone.csv`)).status).toBe(200);
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/content"],
      ["DELETE", ""],
    ] as const) {
      const { status, body } = await callPlatform(app, method, `${FILES}/gone.csv${path}`);
      expect([method, path, status, body.code]).toEqual([method, path, 404, 400201]);
    }
    expect(keysOf(await list(app))).not.toContain("gone.csv");
    expect((await presign(app, "gone.csv")).status).toBe(200);
  });

  it("is gone when it has expired, and its key is free", async () => {
    const fresh = await createApp();
    await uploadCsv(fresh, "old.csv", "user_id\nu\n");
    await expire(fresh, "old.csv");
    expect((await callPlatform(fresh, "GET", `${FILES}/old.csv`)).status).toBe(404);
    expect((await list(fresh)).files).toEqual([]);
    await uploadCsv(fresh, "old.csv", "user_id\nu\nv\n");
    expect((await callPlatform(fresh, "GET", `${FILES}/old.csv`)).body.rows).toBe(2);
  });
});

describe("another app", () => {
  it("sees, reads and deletes nothing of it, and may use the same key", async () => {
    const other = await createApp();
    expect((await list(other)).files).toEqual([]);
    for (const [method, path] of [
      ["GET", "/a.csv"],
      ["GET", "/a.csv/content"],
      ["DELETE", "/a.csv"],
    ] as const) {
      expect((await callPlatform(other, method, `${FILES}${path}`)).status).toBe(404);
    }
    const token = (await list(app, "?limit=1")).next;
    expect((await list(other, `?token=${token}`)).files).toEqual([]);
    await uploadCsv(other, "a.csv", "user_id,b\nw,1\n");
    expect((await callPlatform(app, "GET", `${FILES}/a.csv`)).body).toMatchObject({ rows: 2, columns: [] });
    expect((await listStored(other)).every((key) => key.includes(`/${other.id}/`))).toBe(true);
  });
});

describe("an API key", () => {
  const routes = [
    ["POST", "/s.csv/presigned_urls", "send"],
    ["GET", "", "read"],
    ["GET", "/a.csv", "read"],
    ["GET", "/a.csv/content", "read"],
    ["DELETE", "/none.csv", "send"],
  ] as const;

  it.each(routes)("needs for %s %s the scope %s", async (method, path, scope) => {
    for (const scopes of [["send"], ["read"], ["manage"]]) {
      const key = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "k", scopes });
      const headers = { "api-token": key.body.apiKey ?? key.body.key };
      const { status, body } = await call(method, `${FILES}${path}`, { headers });
      if (scopes[0] === scope) expect([200, 404]).toContain(status);
      else expect([status, body]).toMatchObject([403, { error: true, code: 403100 }]);
    }
    expect((await call(method, `${FILES}${path}`, { headers: app.headers })).status).toBe(401);
  });
});
