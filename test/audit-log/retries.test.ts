import { evictDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { createReadyApp } from "../support/api.ts";
import { readAuditLog } from "../support/audit-log.ts";
import { bindings, interceptCalls } from "../support/faults.ts";
import { replaceIn, rowsIn, wake } from "../support/objects.ts";
import { waitUntilCompleted } from "../support/wait.ts";

function cutOff(): never {
  throw new Error("Network connection lost.");
}

it.each([
  ["before the registry had its line", { before: cutOff }, 0],
  ["before it heard that the registry has its line", { after: cutOff }, 1],
])("a retry whose ledger died %s stands in the audit log once", async (_, fault, known) => {
  const app = await createReadyApp();
  const sent = await app.send({
    template: { key: "order-confirmation", variables: { mia: { orderId: "1" } } },
    targets: ["mia"],
    mode: "batch",
  });
  const id: string = sent.body.notificationId;
  await waitUntilCompleted(app, id);
  const ledger = bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));
  await replaceIn(ledger, { REGISTRY: interceptCalls(bindings.REGISTRY, "recordRetry", fault) });
  const { status } = await app.api("POST", `/notifications/${id}/retry`, {}, { "x-request-id": "the-retry" });
  expect(status).toBe(200);
  const lines = () => readAuditLog(app, { action: "notification.retried", targetId: id });
  expect(await lines()).toHaveLength(known);
  await evictDurableObject(ledger);
  await wake(ledger, "audit");
  expect(await lines()).toMatchObject([{ requestId: "the-retry", details: { attempt: 2 } }]);
  expect(await rowsIn(ledger, "retries WHERE is_told = 0")).toBe(0);
  expect(await rowsIn(ledger, "due WHERE kind = 'audit'")).toBe(0);
});
