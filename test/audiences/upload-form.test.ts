import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { receiveUpload } from "../../src/audiences/upload.ts";
import { type FormEvent, readForm } from "../../src/http/multipart.ts";
import { createApp, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, interceptCalls } from "../support/faults.ts";
import {
  callPlatform,
  type Fields,
  getFile,
  listStored,
  postForm,
  presignedFields,
} from "../support/targets-files.ts";

let app: TestApp;
let fields: Fields;

beforeAll(async () => {
  app = await createApp();
  fields = await presignedFields(app, "form.csv");
});

const part = (head: string, body: string) =>
  `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const fieldParts = (signed: Fields) =>
  Object.entries(signed)
    .map(([name, value]) => part(`name="${name}"`, value))
    .join("");
const filePart = (csv = "user_id\nuser-1\n") => part('name="file"; filename="a.csv"', csv);

async function expectNothing(): Promise<void> {
  expect(await listStored(app)).toEqual([]);
  expect((await callPlatform(app, "GET", "/v1/storage/targets_files")).body.files).toEqual([]);
}

describe("a form that isn't one is refused, and nothing of it stays", () => {
  it.each<[string, () => string]>([
    ["is empty", () => ""],
    ["is no form", () => "user_id\nuser-1\n"],
    ["has no file", () => `${fieldParts(fields)}--x--`],
    ["has two files", () => `${fieldParts(fields)}${filePart()}${filePart()}--x--`],
    ["ends in the middle of the file", () => `${fieldParts(fields)}${filePart().slice(0, -4)}`],
    ["ends behind the file, before its last boundary", () => `${fieldParts(fields)}${filePart()}`],
    ["has a part without a name", () => `${fieldParts(fields)}${part("", "a")}${filePart()}--x--`],
    ["has a part without headers", () => `${fieldParts(fields)}--x\r\n\r\nbody\r\n${filePart()}--x--`],
    ["has more than 20 parts", () => `${part('name="a"', "a").repeat(30)}${filePart()}--x--`],
    ["has a field over 16 KB", () => `${part('name="a"', "a".repeat(20_000))}${filePart()}--x--`],
    [
      "has a filename that can't be decoded",
      () => part("name=\"file\"; filename*=UTF-8''%E0%", "user_id\nu\n"),
    ],
  ])("where it %s", async (_, body) => {
    const { status, body: answer } = await postForm(body());
    expect([400, 403]).toContain(status);
    expect(answer).toMatchObject({ error: true, message: expect.any(String) });
    await expectNothing();
  });

  it.each(["text/csv", "multipart/form-data", "application/json"])("where its type is %s", async (type) => {
    const headers = { "content-type": type, "content-length": "5" };
    const request = new Request("https://onecall.test/v1/storage/uploads", {
      method: "POST",
      headers,
      body: "--x--",
    });
    await expect(receiveUpload(bindings, request)).rejects.toMatchObject({ code: "ERR_BAD_REQUEST" });
  });

  it("and a field behind the file changes nothing", async () => {
    const late = await presignedFields(app, "late.csv");
    const body = `${fieldParts(late)}${filePart()}${part('name="submit"', "Upload")}--x--`;
    expect((await postForm(body)).status).toBe(204);
    expect((await getFile(app, "late.csv")).rows).toBe(1);
  });
});

/** A form's bytes in the given pieces. */
function requestOf(pieces: readonly Uint8Array[]): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const headers = { "content-type": "multipart/form-data; boundary=x", "content-length": String(length) };
  return new Request("https://onecall.test/", { method: "POST", headers, body });
}

function cutBytes(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).flatMap((end, i) => (end === cuts[i] ? [] : [bytes.slice(cuts[i], end)]));
}

async function readFormWhole(pieces: readonly Uint8Array[]): Promise<{ fields: FormEvent[]; file: string }> {
  const events: FormEvent[] = [];
  for await (const event of readForm(requestOf(pieces), "file")) events.push(event);
  const bytes = events.flatMap((event) => (event.kind === "bytes" ? [...event.bytes] : []));
  const file = new TextDecoder().decode(new Uint8Array(bytes));
  return { fields: events.filter(({ kind }) => kind !== "bytes"), file };
}

describe("any cut of the upload into pieces", () => {
  const csv = '\ufeffuser_id,name\r\nuser-1,"Zoë\r\n😀"\r\n\r\n--x\r\n-\r\nüser,\r\n';
  const bytes = new TextEncoder().encode(
    `${part('name="key"', "a\r\nb")}${part('name="file"', csv.replace("\r\n--x", "\n--x"))}--x--\r\n`,
  );

  it("gives the same form", async () => {
    const whole = await readFormWhole([bytes]);
    expect(whole.file).toBe(csv.replace("\r\n--x", "\n--x").replace("\ufeff", ""));
    expect(await readFormWhole(Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual(whole);
    const places = fc.array(fc.nat(1000), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(places, async (cuts) => {
        expect(await readFormWhole(cutBytes(bytes, cuts))).toEqual(whole);
      }),
      { numRuns: 1500 },
    );
  });

  const upload = async (content: Uint8Array, pieceLength: number): Promise<string> => {
    const signed = await presignedFields(app, "cut.csv", true);
    const encoder = new TextEncoder();
    const head = encoder.encode(
      `${fieldParts(signed)}--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n`,
    );
    const form = new Uint8Array([...head, ...content, ...encoder.encode("\r\n--x--")]);
    const places = Array.from({ length: Math.ceil(form.length / pieceLength) }, (_, i) => i * pieceLength);
    return receiveUpload(bindings, requestOf(cutBytes(form, places))).then(
      () => "taken",
      (error: Error) => error.message,
    );
  };

  it.each([1, 2, 3, 5, 7, 10_000])("gives the same audience: %d bytes each", async (pieceLength) => {
    const good = new TextEncoder().encode('\ufeffuser_id,name\r\nuser-1,"Zoë\r\n😀"\r\nüser,é\r\n');
    expect(await upload(good, pieceLength)).toBe("taken");
    const index =
      (await listStored(app))
        .filter((key) => key.endsWith(".index"))
        .sort()
        .at(-1) ?? "";
    const audience = await bindings.TARGETS.get(index.replace(".index", ""));
    const rows = JSON.parse(`[${(await audience?.text())?.replaceAll("][", "],[")}]`).flat();
    expect(rows.sort()).toEqual([
      ["user-1", "Zoë\r\n😀"],
      ["üser", "é"],
    ]);
  });

  it.each([1, 2, 3, 5, 7, 10_000])("names the line that isn't UTF-8: %d bytes each", async (pieceLength) => {
    const text = new TextEncoder().encode("user_id,name\nu,\ufffd\nv,😀\nw,é\nx,");
    const bad = new Uint8Array([...text, 0xe9, 10, 0x79, 44, 0x7a, 10]);
    expect(await upload(bad, pieceLength)).toMatch(/^line 5: the text isn't UTF-8/);
  });
});

describe("an upload whose registry answers nothing", () => {
  it("keeps what it stored, for the file may have been named", async () => {
    const owner = await createReadyApp();
    const signed = await presignedFields(owner, "lost.csv");
    const REGISTRY = interceptCalls(bindings.REGISTRY, "putTargetsFile", {
      after: () => {
        throw new Error("Network connection lost.");
      },
    });
    const form = new TextEncoder().encode(`${fieldParts(signed)}${filePart()}--x--`);
    await expect(receiveUpload({ ...bindings, REGISTRY }, requestOf([form]))).rejects.toThrow();
    expect((await getFile(owner, "lost.csv")).rows).toBe(1);
    const template = {
      key: "order-confirmation",
      variables: { "user-1": { customerName: "B", orderId: 1 } },
    };
    const sent = await owner.send({ template, targetsFile: "lost.csv", mode: "batch" });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  });
});
