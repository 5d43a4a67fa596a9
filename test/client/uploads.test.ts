import { describe, expect, it } from "vitest";
import type { UploadProgress } from "../../src/client/index.ts";
import { createReadyApp } from "../support/api.ts";
import { clientOf, type Way } from "../support/client.ts";

const HEAD = "user_id,customerName,orderId\n";
/** 10,000 rows: several pieces of a stream. */
const CSV = HEAD + Array.from({ length: 10_000 }, (_, index) => `user-${index},Jane é,A-${index}\n`).join("");
const BYTES = new TextEncoder().encode(CSV).length;

const free: Way = (pass) => pass();
const lost: Way = async (pass) => {
  await pass();
  throw new TypeError("fetch failed");
};

describe("files.upload", () => {
  it("says what was found in the file, which can be sent to at once", async () => {
    const app = await createReadyApp();
    const client = clientOf(app);
    const file = await client.files.upload(new File([CSV], "october.csv"));
    expect(file).toMatchObject({ fileKey: "october.csv", rows: 10_000, duplicates: 0, size: BYTES });
    const { notificationId } = await client.notifications.sendFile("order-confirmation", file);
    expect(await client.notifications.get(notificationId)).toMatchObject({ id: notificationId });
    expect(await client.files.download("october.csv")).toContain("user-9999");
  });

  it("tells how far it is, byte by byte of the file", async () => {
    const app = await createReadyApp();
    const told: UploadProgress[] = [];
    await clientOf(app).files.upload(CSV, {
      key: "october.csv",
      onProgress: (progress) => told.push(progress),
    });
    expect(told.length).toBeGreaterThan(3);
    expect(told.every(({ total }) => total === BYTES)).toBe(true);
    const loaded = told.map((progress) => progress.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(loaded.at(-1)).toBe(BYTES);
  });

  it("succeeds where its answer was lost, and its key is taken by itself", async () => {
    const app = await createReadyApp();
    const file = await clientOf(app, [free, lost]).files.upload(CSV, { key: "october.csv" });
    expect(file.rows).toBe(10_000);
  });

  it("fails where the key is somebody else's, and leaves that file as it is", async () => {
    const app = await createReadyApp();
    const { files } = clientOf(app);
    await files.upload(`${HEAD}jane,Jane,A-1\n`, { key: "october.csv" });
    await expect(files.upload(CSV, { key: "october.csv" })).rejects.toMatchObject({
      code: "ERR_CONFLICT",
      status: 409,
    });
    // It came between the form and its upload, and the upload's first try was lost on its way there.
    const between: Way = async () => {
      await files.upload(`${HEAD}bob,Bob,A-2\n`, { key: "november.csv" });
      throw new TypeError("fetch failed");
    };
    const late = clientOf(app, [free, between]).files.upload(CSV, { key: "november.csv" });
    await expect(late).rejects.toMatchObject({ code: "ERR_CONFLICT" });
    expect((await files.get("november.csv")).rows).toBe(1);
    expect((await files.upload(CSV, { key: "november.csv", overwrite: true })).rows).toBe(10_000);
  });

  it("names what is wrong with a file", async () => {
    const app = await createReadyApp();
    const upload = clientOf(app).files.upload("user_id,a\njane\n", { key: "bad.csv" });
    await expect(upload).rejects.toMatchObject({
      code: "ERR_INVALID_TARGETS_FILE",
      status: 400,
      message: expect.stringContaining("line 2"),
    });
  });
});
