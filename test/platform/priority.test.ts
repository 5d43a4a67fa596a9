import { beforeAll, expect, it } from "vitest";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { callPlatform } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

async function sendBatch(priority: string, targets: string[]): Promise<string> {
  const body = { template: { key: "order-confirmation" }, mode: "batch", targets, priority };
  const answer = await callPlatform(app, "POST", "/v1/notifications/messages", body);
  expect([answer.status, answer.body.priority]).toEqual([200, priority]);
  return answer.body.notification_id;
}

it("lets a high batch overtake a low one that was sent before it", async () => {
  const low = await sendBatch(
    "low",
    Array.from({ length: 10_000 }, (_, index) => `low-${index}`),
  );
  const high = await sendBatch("high", ["high-1", "high-2"]);
  const [highDone, lowDone]: Body[] = [
    await waitUntilCompleted(app, high),
    await waitUntilCompleted(app, low),
  ];
  expect(Date.parse(lowDone.createdAt)).toBeLessThan(Date.parse(highDone.createdAt));
  expect(Date.parse(highDone.completedAt)).toBeLessThan(Date.parse(lowDone.completedAt));
});
