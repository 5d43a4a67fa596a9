import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { signUpload } from "../../src/audiences/upload-signature.ts";
import { type Answer, createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import {
  callPlatform,
  type Fields,
  formOf,
  getFile,
  listStored,
  postForm,
  presign,
  presignedFields,
  uploadCsv,
} from "../support/targets-files.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
});

const CSV = "user_id,name\nuser-1,Bob\n";
const HOUR_MS = 3_600_000;

/** Nothing was stored and nothing is listed. */
async function expectNothing(owner: TestApp): Promise<void> {
  expect(await listStored(owner)).toEqual([]);
  expect((await callPlatform(owner, "GET", "/v1/storage/targets_files")).body.files).toEqual([]);
}

async function signedAt(timeMs: number, fileKey: string): Promise<Fields> {
  const secret = await bindings.REGISTRY.getByName(app.id).getRootSecret();
  return signUpload(secret ?? "", { appId: app.id, fileKey, mayOverwrite: false }, timeMs);
}

describe("the signature of an upload", () => {
  const send = async (change: (fields: Fields) => Fields): Promise<Answer> =>
    postForm(formOf(change(await presignedFields(app, "signed.csv")), CSV));

  const names = ["Expires", "Content-Type", "key", "x-amz-algorithm", "x-amz-credential", "x-amz-date"];
  it.each([...names, "policy", "x-amz-signature"])("covers the field %s", async (name) => {
    const changed = await send((fields) => ({ ...fields, [name]: `${fields[name]}0` }));
    const missing = await send(({ [name]: _, ...others }) => others);
    expect([changed.status, missing.status]).toEqual([403, 403]);
    expect(changed.body).toMatchObject({ error: true, code: 403100, message: expect.any(String) });
    await expectNothing(app);
  });

  it.each(["acl", "__proto__"])("covers that there is no field %s", async (name) => {
    const form = formOf(await presignedFields(app, "added.csv"), CSV);
    const added = new FormData();
    added.append(name, "public");
    for (const [field, value] of form) added.append(field, value);
    expect((await postForm(added)).status).toBe(403);
    await expectNothing(app);
  });

  it("is for its own file key and its own app", async () => {
    const other = await createApp();
    const [mine, otherKey, otherApp] = await Promise.all([
      presignedFields(app, "mine.csv"),
      presignedFields(app, "other.csv"),
      presignedFields(other, "mine.csv"),
    ]);
    for (const { policy = "", key = "" } of [otherKey, otherApp]) {
      expect((await postForm(formOf({ ...mine, policy }, CSV))).status).toBe(403);
      expect((await postForm(formOf({ ...mine, policy, key }, CSV))).status).toBe(403);
    }
    await Promise.all([expectNothing(app), expectNothing(other)]);
  });

  it("comes before the file", async () => {
    const form = new FormData();
    form.append("file", new File([CSV], "users.csv"));
    for (const [name, value] of Object.entries(await presignedFields(app, "late.csv")))
      form.append(name, value);
    expect((await postForm(form)).status).toBe(403);
    await expectNothing(app);
  });

  it("lasts an hour from its x-amz-date", async () => {
    const late = await postForm(formOf(await signedAt(Date.now() - HOUR_MS - 1000, "hour.csv"), CSV));
    expect([late.status, late.body.message]).toEqual([403, expect.stringContaining("expired")]);
    await expectNothing(app);
    const early = await postForm(formOf(await signedAt(Date.now() - HOUR_MS + 60_000, "hour.csv"), CSV));
    expect(early.status).toBe(204);
    await callPlatform(app, "DELETE", "/v1/storage/targets_files/hour.csv");
  });
});

describe("a file key that is taken", () => {
  it("is refused at presigning and again at the upload, which leaves the first file as it is", async () => {
    const [first, second] = [
      await presignedFields(app, "taken.csv"),
      await presignedFields(app, "taken.csv"),
    ];
    expect((await postForm(formOf(first, CSV))).status).toBe(204);
    const before = await listStored(app);
    for (const fields of [first, second]) {
      const { status, body } = await postForm(formOf(fields, "user_id\nother\nanother\n"));
      expect([status, body.code]).toEqual([409, 400202]);
    }
    const again = await presign(app, "taken.csv");
    expect([again.status, again.body.code]).toEqual([409, 400202]);
    expect(await listStored(app)).toEqual(before);
    expect(await getFile(app, "taken.csv")).toMatchObject({ rows: 1, columns: ["name"] });
  });

  it("is overwritten where that is allowed, as often as the URL is used", async () => {
    await uploadCsv(app, "over.csv", CSV);
    const fields = await presignedFields(app, "over.csv", true);
    for (const rows of [2, 3]) {
      const csv = `user_id\n${Array.from({ length: rows }, (_, index) => `u${index}\n`).join("")}`;
      expect((await postForm(formOf(fields, csv))).status).toBe(204);
      expect(await getFile(app, "over.csv")).toMatchObject({ rows, columns: [], file_size: csv.length });
    }
  });

  it("goes to exactly one of two uploads at once", async () => {
    const fields = await Promise.all([presignedFields(app, "race.csv"), presignedFields(app, "race.csv")]);
    const answers = await Promise.all(fields.map((signed) => postForm(formOf(signed, CSV))));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect((await getFile(app, "race.csv")).rows).toBe(1);
  });
});

describe("a refused file", () => {
  it.each([
    ["a row is wrong", "user_id,name\nu,Bob\nv\n", "line 3: there are 1 cells"],
    [
      "it isn't UTF-8",
      new Uint8Array([...new TextEncoder().encode(CSV), 0xff, 10]),
      "line 3: the text isn't UTF-8",
    ],
    [
      "it ends in the middle of a character",
      new Uint8Array([...new TextEncoder().encode(CSV), 0xe2]),
      "line 3: the",
    ],
    ["it is empty", "", "line 1: the file is empty"],
  ])("leaves nothing behind and its permission unused: %s", async (_, csv, message) => {
    const fresh = await createApp();
    const fields = await presignedFields(fresh, "again.csv");
    const { status, body } = await postForm(formOf(fields, csv));
    expect([status, body.error, body.code]).toEqual([400, true, 400111]);
    expect(body.message).toContain(message);
    await expectNothing(fresh);
    expect((await postForm(formOf(fields, CSV))).status).toBe(204);
  });

  it("names its first 20 faults and the number of all", async () => {
    const fields = await presignedFields(app, "faults.csv");
    const { body } = await postForm(formOf(fields, `user_id,name\n${"u\n".repeat(30)}`));
    expect(body.message.match(/line \d+/g)).toHaveLength(20);
    expect(body.message).toContain("30 errors");
  });

  it("over 25 MB is 413, whatever it holds", async () => {
    const fresh = await createApp();
    const row = `user,${"x".repeat(15_994)}\n`;
    const csv = `user_id,text\n${row.repeat((25 * 1024 * 1024) / row.length + 1)}`;
    const { status, body } = await postForm(formOf(await presignedFields(fresh, "huge.csv"), csv));
    expect([status, body.code]).toEqual([413, 400110]);
    await expectNothing(fresh);
  });

  const post = (body: BodyInit, headers: Record<string, string>) =>
    exports.default.fetch("https://onecall.test/v1/storage/uploads", { method: "POST", headers, body });

  it("that says it has more than 25 MB is refused before it is read", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=x", "content-length": "27000000" };
    expect((await post("--x--", headers)).status).toBe(413);
  });

  it("needs a Content-Length", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    const written = writer.write(new TextEncoder().encode("--x--")).then(() => writer.close());
    const response = await post(readable, headers);
    await written.catch(() => {});
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("Content-Length") });
  });
});
