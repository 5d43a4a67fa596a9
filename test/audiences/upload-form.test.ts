import { beforeAll, describe, expect, it } from "vitest";
import { receiveUpload } from "../../src/audiences/upload.ts";
import { createApp, createReadyApp, fetchWorker, type TestApp } from "../support/api.ts";
import { bindings, interceptCalls } from "../support/faults.ts";
import { fieldParts, part, requestOf } from "../support/forms.ts";
import {
  expectNothingStored,
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

const filePart = (csv = "user_id\nuser-1\n") => part('name="file"; filename="a.csv"', csv);

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
    await expectNothingStored(app);
  });

  it.each(["text/csv", "multipart/form-data", "application/json"])("where its type is %s", async (type) => {
    const headers = { "content-type": type, "content-length": "5" };
    const request = new Request("https://onecall.test/v1/storage/uploads", {
      method: "POST",
      headers,
      body: "--x--",
    });
    await expect(receiveUpload(bindings, request, "a-request")).rejects.toMatchObject({
      code: "ERR_BAD_REQUEST",
    });
  });

  it("and a field behind the file changes nothing", async () => {
    const late = await presignedFields(app, "late.csv");
    const body = `${fieldParts(late)}${filePart()}${part('name="submit"', "Upload")}--x--`;
    expect((await postForm(body)).status).toBe(204);
    expect((await getFile(app, "late.csv")).rows).toBe(1);
  });
});

describe("a form is taken", () => {
  let owner: TestApp;
  beforeAll(async () => {
    owner = await createApp();
  });

  const encoder = new TextEncoder();
  const CSV = "user_id,name\r\nuser-1,Bob\r\n";
  /** The form with its file part under the given headers. `null` stands for the file's bytes. */
  const upload = async (parts: (string | readonly number[])[], boundary = "x", type?: string) => {
    const bytes = new Uint8Array(
      parts.flatMap((text) => (typeof text === "string" ? [...encoder.encode(text)] : [...text])),
    );
    const headers = {
      "content-type": type ?? `multipart/form-data; boundary=${boundary}`,
      "content-length": String(bytes.length),
    };
    const url = "https://onecall.test/v1/storage/uploads";
    const response = await fetchWorker(url, { method: "POST", headers, body: bytes });
    return [response.status, await response.text()];
  };

  it.each<[string, (string | readonly number[])[]]>([
    ["none", []],
    ["in Japanese", ['; filename="日本.csv"']],
    ["in Cyrillic", ['; filename="Список.csv"']],
    ["an emoji and typographic quotes", ['; filename="😀 “x”.csv"']],
    ["with escaped quotes and semicolons", ['; filename="a\\"b; c=\\"d.csv"']],
    ["with quotes as browsers write them", ['; filename="a%22b.csv"']],
    ["a Windows path that ends in a backslash", ['; filename="C:\\lists\\"']],
    ["in Latin-1", ['; filename="', [0xe4, 0xf6, 0xfc], '.csv"']],
    ["in Shift_JIS, with a backslash for its second byte", ['; filename="', [0x95, 0x5c], '"']],
    ["after RFC 5987", ["; filename*=UTF-8''%E6%97%A5%E6%9C%AC.csv"]],
    ["after RFC 5987, twice", ["; filename=\"x.csv\"; filename*=UTF-8''%e2%82%ac.csv"]],
    ["that can't be decoded", ["; filename*=UTF-8''%E0%"]],
    ["without quotes", ["; filename=my targets; list=1.csv"]],
    ["empty", ['; filename=""']],
    ["of 8,000 characters", [`; filename="${"x".repeat(8000)}"`]],
  ])("whatever the file's name is: %s", async (_, name) => {
    const signed = await presignedFields(owner, "name.csv", true);
    for (const disposition of [
      ['form-data; name="file"', ...name],
      ["form-data", ...name, '; name="file"'],
    ]) {
      const head = ["--x\r\nContent-Disposition: ", ...disposition, "\r\nContent-Type: text/csv\r\n\r\n"];
      const form = [fieldParts(signed), ...head, CSV, "\r\n--x--\r\n"];
      // A trailing backslash escapes the quote before a name that comes after it.
      if (disposition[0] === "form-data" && /\\"$|^"$/.test(String(name.at(-1)))) continue;
      expect(await upload(form), disposition.join()).toEqual([204, ""]);
    }
  });

  it.each<[string, (signed: string) => string, string?]>([
    ["a preamble and an epilogue", (signed) => `hello\r\n${signed}${filePart(CSV)}--x--\r\nbye --x\r\n--x`],
    ["an empty line first", (signed) => `\r\n${signed}${filePart(CSV)}--x--`],
    [
      "white space behind its boundaries",
      (signed) => `${signed}${filePart(CSV)}--x-- \t`.replaceAll("--x\r\n", "--x \t\r\n"),
    ],
    [
      "headers in any case, folded, and unknown ones",
      (signed) =>
        `${signed}--x\r\ncontent-type: text/csv;\r\n charset=utf-8\r\nX-A: b:c\r\nCONTENT-DISPOSITION:form-data;\r\n\tNAME="file"\r\n\r\n${CSV}\r\n--x--`,
    ],
    [
      "its name without quotes",
      (signed) => `${signed}--x\r\nContent-Disposition: form-data; name=file\r\n\r\n${CSV}\r\n--x--`,
    ],
    [
      "fields behind the file",
      (signed) => `${signed}${filePart(CSV)}${part('name="submit"', "x")}${part('name="key"', "y")}--x--`,
    ],
    [
      "a field without a body behind the file",
      (signed) => `${signed}${filePart(CSV)}--x\r\nContent-Disposition: form-data; name="a"\r\n--x--`,
    ],
    [
      "an empty field behind the file",
      (signed) => `${signed}${filePart(CSV)}--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n--x--`,
    ],
    [
      "its fields in another order",
      (signed) =>
        `${signed
          .split("--x\r\n")
          .reverse()
          .filter(Boolean)
          .map((one) => `--x\r\n${one}`)
          .join("")}${filePart(CSV)}--x--`,
    ],
    [
      "a quoted boundary",
      (signed) => `${signed}${filePart(CSV)}--x--`.replaceAll("--x", "--a b'()+_,-./:=?"),
      'multipart/form-data; charset=utf-8; BOUNDARY="a b\'()+_,-./:=?"',
    ],
    [
      "what looks like a boundary in its file",
      (signed) =>
        `${signed}${filePart("user_id,name\r\n--y,-\r\n-\r\n--\r\n".replaceAll("-\r\n-\r\n--", "b\r\nc,d"))}--x--`,
    ],
  ])("with %s", async (_, form, type) => {
    const signed = fieldParts(await presignedFields(owner, "form.csv", true));
    expect(await upload([form(signed)], "x", type)).toEqual([204, ""]);
    expect((await getFile(owner, "form.csv")).columns).toEqual(["name"]);
  });

  it("but not with a file in another transfer encoding", async () => {
    const signed = fieldParts(await presignedFields(owner, "base64.csv"));
    const head = 'name="file"\r\nContent-Transfer-Encoding: base64';
    const [status, text] = await upload([`${signed}${part(head, btoa(CSV))}--x--`]);
    expect([status, text]).toEqual([400, expect.stringContaining("without base64")]);
  });

  it("and its answer says where the file is", async () => {
    const form = new TextEncoder().encode(
      `${fieldParts(await presignedFields(owner, "where.csv"))}${filePart(CSV)}--x--`,
    );
    const { status, headers } = await postForm(form);
    expect([status, headers.get("location")]).toEqual([
      204,
      "https://onecall.test/v1/storage/targets_files/where.csv",
    ]);
    expect(headers.get("etag")).toMatch(/^"[0-9a-f-]+"$/);
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
    await expect(receiveUpload({ ...bindings, REGISTRY }, requestOf([form]), "a-request")).rejects.toThrow();
    expect((await getFile(owner, "lost.csv")).rows).toBe(1);
    const template = {
      key: "order-confirmation",
      variables: { "user-1": { customerName: "B", orderId: 1 } },
    };
    const sent = await owner.send({ template, targetsFile: "lost.csv", mode: "batch" });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  });
});

describe("an upload that is beaten by another while it runs", () => {
  // It looked before the other was finished: the registry decides when it names the file.
  const seesNoFile = {
    getByName: (name: string) => {
      const registry = bindings.REGISTRY.getByName(name);
      return {
        getTargetsFile: async () => null,
        putTargetsFile: (...args: Parameters<typeof registry.putTargetsFile>) =>
          registry.putTargetsFile(...args),
      };
    },
  } as unknown as typeof bindings.REGISTRY;

  it("is refused at its end, and what it stored is removed", async () => {
    const owner = await createApp();
    const signed = await presignedFields(owner, "beaten.csv");
    const form = (csv: string) => new TextEncoder().encode(`${fieldParts(signed)}${filePart(csv)}--x--`);
    await receiveUpload(bindings, requestOf([form("user_id\nfirst\n")]), "a-request");
    const stored = await listStored(owner);
    const second = requestOf([form("user_id\nsecond\nthird\n")]);
    await expect(
      receiveUpload({ ...bindings, REGISTRY: seesNoFile }, second, "a-request"),
    ).rejects.toMatchObject({
      code: "ERR_CONFLICT",
    });
    expect(await listStored(owner)).toEqual(stored);
    expect((await getFile(owner, "beaten.csv")).rows).toBe(1);
  });
});
