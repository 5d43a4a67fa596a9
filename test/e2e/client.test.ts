import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { type Notification, Onecall } from "../../src/client/index.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "./client/fault-proxy.ts";
import { createReadyApp, type ReadyApp } from "./client/ready-app.ts";

const FAULTS: readonly Fault[] = ["lost answer", "half an answer", "slow body", "429", "503"];
const VARIABLES = { customerName: "Jane", orderId: "A-1" };
/** Enough for a stream to be cut while they are sent. */
const RECIPIENTS = 3000;

describe("the client over sockets that fail", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-client-"));
  let worker: LocalWorker;
  let proxy: FaultProxy;
  let app: ReadyApp;
  let client: Onecall;

  before(async () => {
    worker = await startLocalWorker({ persistTo: folder });
    app = await createReadyApp(worker);
    proxy = await startFaultProxy(worker.url);
    client = new Onecall({ url: proxy.url, apiKey: app.apiKey, timeoutMs: 2000, maxRetries: 8 });
  });
  after(async () => {
    await proxy?.stop();
    await worker?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  /** A send to one is listed within two seconds. */
  async function listSent(tag: string): Promise<Notification[]> {
    const giveUpAt = Date.now() + 30_000;
    for (;;) {
      const sent: Notification[] = [];
      for await (const one of app.onecall.notifications.list({ tag })) sent.push(one);
      if (sent.length > 0 || Date.now() > giveUpAt) return sent;
      await delay(100);
    }
  }

  for (const fault of FAULTS) {
    test(`a send is one send: ${fault}, twice`, async () => {
      const tag = fault.replaceAll(" ", "-");
      proxy.plan("/notifications/send", fault, fault);
      const calls = proxy.calls.length;
      const { notificationId } = await client.notifications.send("order-confirmation", VARIABLES, {
        to: "jane",
        tag,
      });
      assert.equal(proxy.calls.length - calls, 3);
      assert.deepEqual(
        (await listSent(tag)).map(({ id }) => id),
        [notificationId],
      );
    });

    test(`a batch is one batch, and watched to its end: ${fault}`, async () => {
      const tag = `batch-${fault.replaceAll(" ", "-")}`;
      const users = Array.from({ length: RECIPIENTS }, (_, index) => `user-${index}`);
      proxy.plan("/notifications/send", fault, fault);
      const recipients = Object.fromEntries(users.map((uid) => [uid, VARIABLES]));
      const { notificationId } = await client.notifications.sendBatch("order-confirmation", recipients, {
        tag,
      });
      // A silent stream is waited for: test/client/silence.test.ts.
      if (fault !== "slow body") proxy.plan("/progress", fault, fault);
      let last = "";
      for await (const { state, counts } of client.notifications.watch(notificationId)) {
        const { total = 0, delivered = 0, pending = 0 } = counts["in-app"] ?? {};
        assert.equal(delivered + pending, total);
        last = `${state} ${delivered}`;
      }
      assert.equal(last, `completed ${RECIPIENTS}`);
      assert.equal((await listSent(tag)).length, 1);
    });
  }

  test("an upload tells how far it is, and is there once although its answer is lost", async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `user-${index},Jane,A-${index}\n`);
    const csv = `user_id,customerName,orderId\n${rows.join("")}`;
    proxy.plan("/uploads", "lost answer");
    const told: number[] = [];
    const file = await client.files.upload(csv, {
      key: "october.csv",
      timeoutMs: 20_000,
      onProgress: ({ loaded, total }) => told.push(loaded / total),
    });
    assert.equal(file.rows, 20_000);
    assert.equal(proxy.calls.filter((call) => call.endsWith("/uploads")).length, 2);
    assert.equal(told.at(-1), 1);
    assert.ok(new Set(told).size > 5, `told of ${told}`);
    const { notificationId } = await client.notifications.sendFile("order-confirmation", file, {
      tag: "file",
    });
    for await (const { state } of client.notifications.watch(notificationId))
      assert.match(state, /sending|completed/);
    const [sent] = await listSent("file");
    assert.equal(sent?.counts["in-app"]?.delivered, 20_000);
  });

  test("a service that isn't there is ERR_NETWORK, which may be tried later", async () => {
    const nowhere = new Onecall({ url: "http://127.0.0.1:9", apiKey: app.apiKey, maxRetries: 1 });
    await assert.rejects(nowhere.notifications.send("order-confirmation", VARIABLES, { to: "jane" }), {
      name: "OnecallError",
      code: "ERR_NETWORK",
      status: null,
      retryable: true,
    });
  });
});
