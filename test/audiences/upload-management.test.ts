import { beforeAll, describe, expect, it } from "vitest";
import { callAsAdmin, createApp, TestApp } from "../support/api.ts";
import { formOf, getFile, postForm } from "../support/targets-files.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const presign = (fileKey: string, body?: object) =>
  app.api("POST", `/targets-files/${fileKey}/presigned-urls`, body);

describe("targets files in the management API's style", () => {
  it("are presigned, uploaded and shown; the platform family sees the same file", async () => {
    const { status, body } = await presign("users.csv", { overwriteDuplicateKey: false });
    expect([status, Object.keys(body).sort()]).toEqual([200, ["fields", "fileKey", "url"]]);
    const csv = "user_id,a\nu,1\nu,2\nv,3\n";
    expect((await postForm(formOf(body.fields, csv))).status).toBe(204);
    const file = await app.api("GET", "/targets-files/users.csv");
    expect([file.status, file.body]).toEqual([
      200,
      {
        id: expect.any(String),
        fileKey: "users.csv",
        size: csv.length,
        rows: 2,
        columns: ["a"],
        duplicates: 1,
        uploadedAt: expect.stringMatching(ISO),
        expiresAt: expect.stringMatching(ISO),
      },
    ]);
    expect((await app.api("GET", "/targets-files/users.csv/content")).body).toBe(csv);
    expect(await getFile(app, "users.csv")).toMatchObject({ file_key: "users.csv", rows: 2 });
  });

  it("are listed newest first, page by page", async () => {
    for (const key of ["list-1", "list-2", "list-3"]) {
      await postForm(formOf((await presign(key)).body.fields, "user_id\nu\n"));
    }
    const first = (await app.api("GET", "/targets-files?limit=2")).body;
    expect(first.data.map(({ fileKey }: { fileKey: string }) => fileKey)).toEqual(["list-3", "list-2"]);
    const second = (await app.api("GET", `/targets-files?limit=2&cursor=${first.nextCursor}`)).body;
    expect(second.data[0].fileKey).toBe("list-1");
  });

  it("are refused with this family's errors: taken, unknown, deleted, misnamed", async () => {
    await postForm(formOf((await presign("once.csv")).body.fields, "user_id\nu\n"));
    const taken = await presign("once.csv");
    expect([taken.status, taken.body.error.code]).toEqual([409, "ERR_CONFLICT"]);
    expect((await app.api("DELETE", "/targets-files/once.csv")).status).toBe(200);
    for (const path of ["/targets-files/once.csv", "/targets-files/once.csv/content"]) {
      const { status, body } = await app.api("GET", path);
      expect([status, body.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
    }
    const misnamed = await presign("a%20b");
    expect([misnamed.status, misnamed.body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    expect(Object.keys(misnamed.body.error.details)).toEqual(["fileKey"]);
    const flag = await presign("flag.csv", { overwriteDuplicateKey: 1 });
    expect(Object.keys(flag.body.error.details)).toEqual(["overwriteDuplicateKey"]);
  });

  it("need the scope to send for writing and the scope to read for reading", async () => {
    for (const [scope, allowed] of [
      ["send", [200, 403]],
      ["read", [403, 200]],
    ] as const) {
      const { body } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
        name: "k",
        scopes: [scope],
      });
      const caller = new TestApp(app.id, body.apiKey);
      const signed = await caller.api("POST", "/targets-files/scope.csv/presigned-urls");
      expect([signed.status, (await caller.api("GET", "/targets-files")).status]).toEqual(allowed);
    }
  });
});
