import { beforeAll, describe, expect, it } from "vitest";
import { createApp, createChannels } from "../support/api.ts";
import { FileSends } from "../support/file-sends.ts";

let sends: FileSends;

beforeAll(async () => {
  const app = await createApp();
  await createChannels(app);
  sends = new FileSends(app);
});

describe("variables in the body beside a file", () => {
  it("override that user's row, name by name, and no other's", async () => {
    await sends.createTemplate("override", {
      a: { type: "string" },
      b: { type: "string" },
      photo: { type: "image" },
    });
    const fields = ["https://example.com/row", "1", "2"];
    const table = [
      ["user_id", "a", "b", "photo.url", "photo.width", "photo.height"],
      ...["over-1", "over-2", "over-3", "__proto__"].map((uid) => [uid, "row a", "row b", ...fields]),
    ];
    const photo = { url: "https://example.com/body", width: 3, height: 4 };
    const rowPhoto = { url: "https://example.com/row", width: 1, height: 2 };
    const variables = {
      "over-1": { a: "body a", undeclared: "x" },
      "over-2": { photo, b: null },
      nobody: { a: "unused" },
    };
    expect(await sends.countsOf(await sends.send("override", table, variables))).toMatchObject({
      total: 4,
      delivered: 4,
    });
    expect(await sends.contentOf("over-1")).toEqual({ a: "body a", b: "row b", photo: rowPhoto });
    expect(await sends.contentOf("over-2")).toEqual({ a: "row a", b: "row b", photo });
    expect(await sends.contentOf("over-3")).toEqual({ a: "row a", b: "row b", photo: rowPhoto });
    expect(await sends.contentOf("__proto__")).toEqual({ a: "row a", b: "row b", photo: rowPhoto });
  });

  it("of a wrong type fail that user alone", async () => {
    await sends.createTemplate("wrong", { a: { type: "string" } });
    const table = [
      ["user_id", "a"],
      ["wrong-1", "x"],
      ["wrong-2", "x"],
    ];
    expect(await sends.countsOf(await sends.send("wrong", table, { "wrong-1": { a: ["y"] } }))).toMatchObject(
      {
        delivered: 1,
        failed: { invalid_variables: 1 },
      },
    );
  });

  it("over 1 MB are refused: they belong into the file", async () => {
    const variables = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`u${index}`, { a: "x".repeat(11_000) }]),
    );
    const { status, body } = await sends.send(
      "wrong",
      [
        ["user_id", "a"],
        ["u0", "x"],
      ],
      variables,
    );
    expect([status, body.code]).toEqual([413, 400110]);
  });
});
