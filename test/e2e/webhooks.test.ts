import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { type Call, createInbox, type Inbox } from "../support/webhook-receiver/client.ts";
import { startWebhookReceiver } from "../support/webhook-receiver/server.ts";

const SENDS = 40;
const API = "/v3/business-messaging/api";

const folder = mkdtempSync(join(tmpdir(), "onecall-webhooks-"));
const receiver = await startWebhookReceiver();
const workers: LocalWorker[] = [];
after(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("webhooks", () => {
  test("come for every send that was answered, also after a SIGKILL of all processes", async () => {
    const first = await start();
    const post = await createApp(first);
    const inbox = await createInbox(receiver.url);
    const events = ["notification.accepted", "notification.completed"];
    const { secret } = await post("/webhooks", { url: inbox.url, events });
    await inbox.expectSecrets(secret);
    // Answered and stored: whatever goes out before the end isn't known to have arrived.
    await inbox.answerWith({ drop: true });
    const sent = await Promise.all(
      Array.from({ length: SENDS }, async (_, index) => {
        const { notificationId } = await post("/notifications/send", {
          template: { key: "hello" },
          targets: [`user-${index}`],
          mode: "realtime",
        });
        return notificationId;
      }),
    );
    await first.kill();
    await inbox.answerWith();
    await start();
    const calls = await waitForAll(inbox, sent);
    for (const type of events) {
      const told = calls.filter((call) => call.type === type && call.answered === 200);
      assert.deepEqual(new Set(told.map(({ body }) => body.data.id)), new Set(sent));
    }
    // Repeats come under the id that they had: one for each event.
    assert.equal(new Set(calls.map(({ id }) => id)).size, 2 * SENDS);
  });
});

async function start(): Promise<LocalWorker> {
  // With providers at a URL of this machine, loopback is let in.
  const worker = await startLocalWorker({ persistTo: folder, providers: receiver.url });
  workers.push(worker);
  return worker;
}

/** What the answers have that this test reads. */
interface Answer {
  id: string;
  apiKey: string;
  secret: string;
  notificationId: string;
}
type Post = (path: string, body: object) => Promise<Answer>;

async function createApp({ url, adminToken }: LocalWorker): Promise<Post> {
  const call = async (method: string, path: string, headers: Record<string, string>, body: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer as Answer;
  };
  const app = await call("POST", "/admin/apps", { authorization: `Bearer ${adminToken}` }, { name: "Shop" });
  const headers = { appid: app.id, apikey: app.apiKey };
  const post: Post = (path, body) => call("POST", `${API}${path}`, headers, body);
  await post("/channels", { name: "Inbox", type: "in_app" });
  await post("/templates", { name: "Hello", channelKeys: ["inbox"], content: { inbox: { text: "Hello" } } });
  await call("PUT", `${API}/templates/hello`, headers, { status: "approved" });
  return post;
}

async function waitForAll(inbox: Inbox, ids: readonly string[]): Promise<Call[]> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const calls = await inbox.calls();
    const taken = new Set(calls.filter(({ answered }) => answered === 200).map(({ id }) => id));
    if (taken.size >= 2 * ids.length) return calls;
    assert.ok(Date.now() < deadline, `${taken.size} of ${2 * ids.length} webhooks came`);
    await wait(100);
  }
}
