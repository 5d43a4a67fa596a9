import { beforeAll, describe, expect, it } from "vitest";
import { call, createApp, fetchWorker, type TestApp } from "../support/api.ts";
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

const CSV = "user_id,attr.email,attr.age\nuser-1,a@example.com,25\nuser-2,b@example.com,30\n";

describe("presigning an upload", () => {
  it("answers with the seed's url, fields and file key", async () => {
    const { status, body } = await presign(app, "notification-targets.csv", {});
    expect(status).toBe(200);
    expect(body).toEqual({
      url: "https://onecall.test/v1/storage/uploads",
      fields: {
        Expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/),
        "Content-Type": "text/csv",
        key: expect.stringContaining("notification-targets.csv"),
        "x-amz-algorithm": expect.any(String),
        "x-amz-credential": expect.any(String),
        "x-amz-date": expect.stringMatching(/^\d{8}T\d{6}Z$/),
        policy: expect.any(String),
        "x-amz-signature": expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      file_key: "notification-targets.csv",
    });
    const days = (Date.parse(body.fields.Expires) - Date.now()) / 86_400_000;
    expect(Math.round(days * 100) / 100).toBe(30);
  });

  it("needs no body", async () => {
    expect((await presign(app, "no-body.csv")).status).toBe(200);
  });

  it.each(["a b", "a%2Fb", "%00", "..", "é", "x".repeat(201), "%E0%A4%A"])(
    "refuses the file key %s",
    async (key) => {
      const path = `/v1/storage/targets_files/${key === ".." ? "%2E%2E" : key}/presigned_urls`;
      const { status, body } = await callPlatform(app, "POST", path, {});
      // An address with steps of a path is another address.
      expect([400, ...(key === ".." ? [404] : [])]).toContain(status);
      expect(body).toMatchObject({ error: true, message: expect.any(String) });
    },
  );

  it("takes a file key of 200 characters", async () => {
    await uploadCsv(app, `${"x".repeat(196)}.csv`, CSV);
    expect((await getFile(app, `${"x".repeat(196)}.csv`)).rows).toBe(2);
  });

  it("refuses an overwrite flag that is none", async () => {
    const { status, body } = await presign(app, "flag.csv", { overwrite_duplicate_key: "yes" });
    expect([status, body.code]).toEqual([400, 400111]);
    expect(body.message).toContain("overwrite_duplicate_key");
  });

  it("needs an Api-Token with the scope to send; appid and apikey don't count", async () => {
    const path = "/v1/storage/targets_files/auth.csv/presigned_urls";
    for (const headers of [{}, app.headers, { "api-token": "oc_wrong" }] as Fields[]) {
      const { status, body } = await call("POST", path, { headers, body: {} });
      expect([status, body.error, body.code]).toEqual([401, true, 400401]);
    }
  });
});

// Seed 004's multipart example, with its empty line behind the rows: the file part has no filename.
function exampleBody(fields: Fields, csv: string): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = 'Content-Disposition: form-data; name="file"\r\nContent-Type: text/csv';
  return `${parts.join("")}--x\r\n${head}\r\n\r\n${csv}\r\n--x--`;
}
const SEED_ROWS = [
  "user_id,attr.email,attr.age,attr.gender",
  "user-1,one@example.com,25,M",
  "user-2,two@example.com,30,F",
  "user-3,three@example.com,30,F",
];

describe("an upload", () => {
  it.each(["\r\n", "\n"])(
    "takes the seed's example byte by byte, its rows ending with %j",
    async (lineBreak) => {
      const key = `seed-${lineBreak.length}.csv`;
      const csv = SEED_ROWS.map((row) => row + lineBreak).join("");
      const answer = await postForm(exampleBody(await presignedFields(app, key), csv));
      expect([answer.status, answer.body]).toEqual([204, ""]);
      expect(await getFile(app, key)).toMatchObject({
        file_key: key,
        file_size: csv.length,
        rows: 3,
        columns: ["attr.email", "attr.age", "attr.gender"],
        duplicates: 0,
      });
    },
  );

  it.each([
    ["a File", "users.csv"],
    ["a text", null],
  ])("takes FormData with %s", async (_, filename) => {
    const key = `form-${filename}.csv`;
    expect((await postForm(formOf(await presignedFields(app, key), CSV, filename))).status).toBe(204);
    expect((await getFile(app, key)).rows).toBe(2);
  });

  it("takes the fields in any order before the file", async () => {
    const fields = Object.fromEntries(Object.entries(await presignedFields(app, "order.csv")).reverse());
    expect((await postForm(formOf(fields, CSV))).status).toBe(204);
  });

  it("gives the CSV back byte by byte, as a download", async () => {
    const csv = '\ufeffuser_id,"name"\r\nuser-1,"Zoë, ""😀"""\r\n\r\n';
    await uploadCsv(app, "bytes.csv", csv);
    const response = await fetchWorker("https://onecall.test/v1/storage/targets_files/bytes.csv/content", {
      headers: { "api-token": app.apiKey },
    });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(new TextEncoder().encode(csv));
    expect(response.headers.get("content-type")).toMatch(/^text\/csv/);
    expect(response.headers.get("content-disposition")).toContain("attachment");
    const head = await fetchWorker("https://onecall.test/v1/storage/targets_files/bytes.csv/content", {
      method: "HEAD",
      headers: { "api-token": app.apiKey },
    });
    for (const { headers } of [response, head]) {
      expect(headers.get("content-length")).toBe(String(new TextEncoder().encode(csv).length));
    }
    expect(await getFile(app, "bytes.csv")).toMatchObject({ columns: ["name"], rows: 1 });
  });

  it("keeps a file of several parts whole", async () => {
    // Texts that hardly get smaller: what is stored has several parts too.
    const random = () => crypto.getRandomValues(new Uint8Array(11_250)).toBase64();
    const rows = Array.from({ length: 700 }, (_, index) => `user-${index},${random()}\n`);
    const csv = `user_id,text\n${rows.join("")}`;
    await uploadCsv(app, "large.csv", csv);
    expect(await getFile(app, "large.csv")).toMatchObject({ file_size: csv.length, rows: 700 });
    const { body } = await callPlatform(app, "GET", "/v1/storage/targets_files/large.csv/content");
    expect(body === csv).toBe(true);
  });

  it("counts a user who is named twice once", async () => {
    await uploadCsv(app, "twice.csv", "user_id,a\nu,1\nv,1\nu,2\nu,3\n");
    expect(await getFile(app, "twice.csv")).toMatchObject({ rows: 2, duplicates: 2 });
  });

  it("stores the CSV, its audience and the index, each once", async () => {
    const fresh = await createApp();
    await uploadCsv(fresh, "stored.csv", CSV);
    expect(await listStored(fresh)).toHaveLength(3);
  });
});
