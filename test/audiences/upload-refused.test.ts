import { beforeAll, describe, expect, it } from "vitest";
import { createApp, fetchWorker, type TestApp } from "../support/api.ts";
import {
  expectNothingStored,
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
    ["a row is wrong", "user_id,name\nu,Bob\nv\n", "line 3: there is 1 cell; the header has 2 columns"],
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
    await expectNothingStored(fresh);
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
    await expectNothingStored(fresh);
  });

  const post = (body: BodyInit, headers: Record<string, string>) =>
    fetchWorker("https://onecall.test/v1/storage/uploads", { method: "POST", headers, body });

  it("that says it has more than 25 MB is refused before it is read", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=x", "content-length": "27000000" };
    expect((await post("--x--", headers)).status).toBe(413);
  });

  it("needs a Content-Length", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const written = writer.write(new TextEncoder().encode("--x--")).then(() => writer.close());
    const response = await post(readable, headers);
    await written.catch(() => {});
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("Content-Length") });
  });
});
