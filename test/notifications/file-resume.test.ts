import { beforeAll, describe, expect, it } from "vitest";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { callWith, unreachable } from "../support/faults.ts";
import { callPlatform, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

const SEND = "/notifications/send";
const toFile = (targetsFile: string) => ({
  template: { key: "order-confirmation" },
  targetsFile,
  mode: "batch",
});
const csvOf = (...users: string[]) =>
  ["user_id,customerName,orderId", ...users.map((user) => `${user},Name,1`)].join("\n");

describe("a send with a targets file that stopped before its commit point", () => {
  it.each([
    ["was overwritten", (key: string) => uploadCsv(app, key, csvOf("new-1"), true)],
    ["was deleted", (key: string) => callPlatform(app, "DELETE", `/v1/storage/targets_files/${key}`)],
  ])("goes on with the upload it began with, although the file %s", async (name, change) => {
    const fileKey = `${name.replaceAll(" ", "-")}.csv`;
    const idempotencyKey = { "idempotency-key": fileKey };
    await uploadCsv(app, fileKey, csvOf(`old-1-${fileKey}`, `old-2-${fileKey}`, `old-3-${fileKey}`));
    const failed = await callWith(
      { LEDGER: unreachable() },
      app,
      "POST",
      SEND,
      toFile(fileKey),
      idempotencyKey,
    );
    expect(failed.status).toBe(503);
    await change(fileKey);
    const repeated = await app.send(toFile(fileKey), idempotencyKey);
    expect(repeated.status, JSON.stringify(repeated.body)).toBe(200);
    const { counts } = await waitUntilCompleted(app, repeated.body.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ total: 3, delivered: 3 });
  });
});
