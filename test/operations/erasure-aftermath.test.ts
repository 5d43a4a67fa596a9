import { createExecutionContext, evictAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { receiveUpload } from "../../src/audiences/upload.ts";
import worker from "../../src/index.ts";
import { callAsAdmin, TEST_SHARDS, type TestApp } from "../support/api.ts";
import { bindings, consume } from "../support/faults.ts";
import { fieldParts } from "../support/forms.ts";
import { addDevices, createPushApp, sendToMany, sendToOne } from "../support/push.ts";
import { countRows } from "../support/rows.ts";
import { listStored, presignedFields } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const MINUTE_MS = 60_000;
let now = 0;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function createUsedApp() {
  const account = await createPushApp(["fcm"]);
  const { app } = account;
  await addDevices(account, "mia", "fcm");
  const ids = [await sendToOne(app, "mia"), await sendToMany(app, ["mia", "leo"])];
  for (const id of ids) await waitUntilCompleted(app, id);
  await app.copiesAreCurrent();
  return { app, ids };
}

const remove = ({ id }: TestApp) => callAsAdmin("DELETE", `/admin/apps/${id}`, { name: "Test app" });

/** Lets the registry's alarm ring, at most so often, with the objects in memory as they are. */
async function ring({ id }: TestApp, times: number): Promise<void> {
  now = Math.max(now, Date.now()) + 3 * MINUTE_MS;
  for (let turn = 0; turn < times; turn++) {
    vi.useFakeTimers({ toFake: ["Date"], now });
    if (!(await runDurableObjectAlarm(bindings.REGISTRY.getByName(id)))) break;
    now += 2 * MINUTE_MS;
  }
}

async function countShardRows({ id }: TestApp): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: TEST_SHARDS }, (_, shard) =>
      countRows(bindings.USER_SHARD.getByName(`${id}:${shard}`)),
    ),
  );
  return counts.reduce((sum, rows) => sum + rows, 0);
}

it("an app's id is never given again: what began under it can't end in another's", async () => {
  const { app } = await createUsedApp();
  await remove(app);
  await ring(app, 100);
  vi.useRealTimers();
  await evictAllDurableObjects();
  const again = await callAsAdmin("POST", "/admin/apps", { id: app.id, name: "Again" });
  expect([again.status, again.body.error.message]).toEqual([
    409,
    `An app with the id "${app.id}" was deleted. Choose another id.`,
  ]);
  expect((await remove(app)).status).toBe(404);
});

it("a dead letter of an erased app brings nothing of it back", async () => {
  const { app, ids } = await createUsedApp();
  const today = new Date().toISOString().slice(0, 10);
  await remove(app);
  await ring(app, 100);
  await evictAllDurableObjects();
  const letter = { version: 1, appId: app.id, shard: 0, notificationId: ids[1], channelKey: "mobile-push" };
  await consume([letter], {}, "onecall-dead-letters");
  expect(await countRows(bindings.LEDGER.getByName(`${app.id}:${today}`))).toBe(0);
});

it("a send that KV's old copies let in while KV can't be written leaves nothing behind", async () => {
  const { app } = await createUsedApp();
  const deletes = vi.spyOn(Object.getPrototypeOf(bindings.CONFIG), "delete").mockImplementation(async () => {
    throw new Error("KV DELETE failed: 503 Service Unavailable");
  });
  await remove(app);
  await ring(app, 20);
  expect(deletes).toHaveBeenCalled();
  await evictAllDurableObjects();
  // Another location's copy, or this one's after its cache has ended.
  await app.send({
    template: { key: "order", variables: { name: "Mia" } },
    targets: ["zoe"],
    mode: "realtime",
  });
  deletes.mockRestore();
  await ring(app, 100);
  expect((await remove(app)).status).toBe(404);
  await evictAllDurableObjects();
  expect(await countShardRows(app)).toBe(0);
});

/** An upload that has begun; it goes on with its last bytes when `finish` is called. */
async function beginUpload(app: TestApp, fileKey: string) {
  const signed = await presignedFields(app, fileKey, true);
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `${fieldParts(signed)}--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nuser_id,name\r\n`,
  );
  const middle = encoder.encode("leo,Leo\r\n".repeat(20_000));
  const tail = encoder.encode("mia,Mia\r\n\r\n--x--\r\n");
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const headers = {
    "content-type": "multipart/form-data; boundary=x",
    "content-length": String(head.length + middle.length + tail.length),
  };
  const request = new Request("https://onecall.test/", { method: "POST", headers, body: readable });
  const outcome = receiveUpload(bindings, request, "a-request").then(
    () => "taken",
    (error: Error) => error.message,
  );
  await writer.write(head);
  await writer.write(middle);
  // Two calls of the registry are longer than the upload's own check takes.
  for (let calls = 0; calls < 5; calls++) await app.api("GET", "/channels");
  return {
    async finish(): Promise<string> {
      await writer.write(tail);
      await writer.close();
      return outcome;
    },
  };
}

it("an upload that began before the erasure and ends after it leaves nothing behind", async () => {
  const { app } = await createUsedApp();
  const upload = await beginUpload(app, "late.csv");
  await remove(app);
  await ring(app, 100);
  expect(await upload.finish()).not.toBe("taken");
  expect(await listStored(app)).toEqual([]);
});

it("a call of the erased app's key whose body ends late changes nothing", async () => {
  const { app } = await createUsedApp();
  const body = new TextEncoder().encode(
    JSON.stringify({ url: "https://example.com/hook", events: ["delivery.viewed"] }),
  );
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const request = new Request<unknown, IncomingRequestCfProperties>(
    "https://onecall.test/v3/business-messaging/api/webhooks",
    { method: "POST", headers: { "content-type": "application/json", ...app.headers }, body: readable },
  );
  const answer = worker.fetch(request, bindings, createExecutionContext());
  // The credentials are checked before the body is read.
  await writer.write(body.subarray(0, 10));
  await remove(app);
  await ring(app, 100);
  await writer.write(body.subarray(10));
  await writer.close();
  // More than a minute after it began.
  const { status } = await answer;
  expect(status).toBe(400);
  const registry = bindings.REGISTRY.getByName(app.id);
  expect(await registry.listWebhooks(null, 10)).toEqual([]);
});
