import { afterEach, describe, expect, it, vi } from "vitest";
import { PUSH } from "../../src/channels/push/channel.ts";
import { readPushMessage } from "../../src/channels/push/message.ts";
import { sendPush } from "../../src/channels/push/send.ts";
import { readConfig } from "../../src/env.ts";
import { TimedFetch } from "../../src/outbound/timed-fetch.ts";
import { bindings } from "../support/faults.ts";
import { addDevices, createPushApp } from "../support/push.ts";

/** What may not be sent twice isn't: a push that was answered, and one for whose answer there would be no time. */

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a push that was answered", () => {
  it("was taken, whatever becomes of the answer's body", async () => {
    const body = new ReadableStream({
      cancel: () => {
        throw new Error("the connection was lost");
      },
    });
    vi.stubGlobal("fetch", async () => new Response(body, { status: 200 }));
    const answer = await new TimedFetch().call("https://push.example.com/", { method: "POST" }, 1000);
    expect(answer).toMatchObject({ status: 200 });
  });
});

describe("a push", () => {
  const PATIENCE_MS = 60_000;

  it.each([
    ["isn't begun where less than half of the time for its answer is left", 0.4, 0],
    ["is begun where there is enough", 0.9, 1],
  ])("%s", async (_, share, requests) => {
    const account = await createPushApp();
    const [device] = await addDevices(account, "mia", "webpush");
    if (device === undefined) throw new Error("No device");
    const address = { ...device, provider: "webpush" as const };
    const { push: config } = readConfig(bindings);
    const sender = {
      env: bindings,
      config,
      appId: account.app.id,
      channelKey: "mobile-push",
      channel: PUSH,
      calls: new TimedFetch(),
    };
    const notification = {
      id: crypto.randomUUID(),
      priority: "high" as const,
      expiresAt: Date.now() + 60_000,
      pushData: {},
    };
    const message = readPushMessage(notification, JSON.stringify({ title: "a", body: "b" }), Date.now());
    const times = { patienceMs: PATIENCE_MS, answerBefore: Date.now() + share * PATIENCE_MS };
    const answer = await sendPush(sender, { address, scope: PUSH.address.scopeOf(address) }, message, times);
    expect(answer).toMatchObject({
      outcome: { outcome: requests === 0 ? "untried" : "accepted" },
      wasAsked: requests > 0,
    });
    expect((await account.project.summary()).webpush.requests).toBe(requests);
  });
});
