import { expect, it } from "vitest";
import { createReadyApp } from "../support/api.ts";
import { CapturingQueue, callWith, consume } from "../support/faults.ts";
import { waitUntilCompleted } from "../support/wait.ts";

it("a message of a queue that is none of Onecall's is refused, not delivered as a chunk", async () => {
  const app = await createReadyApp();
  const queue = new CapturingQueue();
  const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", {
    template: { key: "order-confirmation", variables: { mia: { customerName: "Mia", orderId: "1" } } },
    targets: ["mia"],
    mode: "batch",
  });
  expect(queue.messages.length).toBe(1);
  for (const name of [
    "somebody-elses",
    "onecall-deliveries",
    "onecall-deliveries-normal-2",
    "deliveries-normal",
  ]) {
    // It throws, so nothing is acknowledged: the platform keeps the messages, and the log names the queue.
    await expect(consume(queue.messages, {}, name)).rejects.toThrow(
      `The queue "${name}" is none of Onecall's`,
    );
  }
  const { counts } = await app.notification(sent.body.notificationId);
  expect(counts["in-app-alerts"]).toMatchObject({ total: 1, pending: 1, delivered: 0 });
  expect(await consume(queue.messages, {}, "another-installation-deliveries-normal")).toMatchObject({
    retried: 0,
  });
  await waitUntilCompleted(app, sent.body.notificationId);
});
