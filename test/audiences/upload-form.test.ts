import { beforeAll, describe, expect, it } from "vitest";
import { receiveUpload } from "../../src/audiences/upload.ts";
import { createApp, createReadyApp, type TestApp } from "../support/api.ts";
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
