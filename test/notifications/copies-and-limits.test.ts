import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { createApp, createTemplate, type TestApp } from "../support/api.ts";
import {
  bindings,
  CapturingQueue,
  callWith,
  consume,
  consumeAll,
  interceptCalls,
} from "../support/faults.ts";
import { usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
  for (const name of ["One", "Two", "Three"]) await app.api("POST", "/channels", { name, type: "in_app" });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets this isolate's copies (30 s) end: what is read next comes from KV. */
function letCopiesEnd(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
}

describe("contents near their limit", () => {
  it("arrive, although a chunk of them is more than one call may carry", async () => {
    const text = "x".repeat(31_000);
    await createTemplate(app, {
      key: "large",
      channelKeys: ["one", "two", "three"],
      content: { one: { text }, two: { text }, three: { text } },
      variableSchema: {},
    });
    const targets = await usersOfShard(app, 7, 400);
    const queue = new CapturingQueue();
    const body = { template: { key: "large" }, targets, mode: "batch" };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      app,
      "POST",
      "/notifications/send",
      body,
    );
    expect(await consumeAll(queue)).toMatchObject({ retried: 0 });
    const { counts } = await waitUntilCompleted(app, sent.body.notificationId);
    for (const channel of ["one", "two", "three"]) expect(counts[channel].delivered).toBe(400);
  });
});

describe("copies that are behind", () => {
  it("make the consumer skip no channel that is enabled now", async () => {
    await createTemplate(app, {
      key: "small",
      channelKeys: ["one"],
      content: { one: {} },
      variableSchema: {},
    });
    await app.copiesAreCurrent();
    const record = JSON.parse((await bindings.CONFIG.get(keys.kvApp(app.id))) ?? "{}");
    const queue = new CapturingQueue();
    const body = { template: { key: "small" }, targets: ["behind"], mode: "batch" };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      app,
      "POST",
      "/notifications/send",
      body,
    );
    // The consumer's location still has the app as it was before its channels.
    const behind = {
      ...bindings.CONFIG,
      get: async () => ({ ...record, channels: [] }),
    } as unknown as KVNamespace;
    letCopiesEnd();
    expect(await consume(queue.messages, { CONFIG: behind })).toMatchObject({ retried: 0 });
    const { counts } = await waitUntilCompleted(app, sent.body.notificationId);
    expect(counts.one).toMatchObject({ delivered: 1, skipped: {} });
  });
});

describe("a template with a channel that is disabled for good", () => {
  it("doesn't make every send ask the registry", async () => {
    await createTemplate(app, {
      key: "half",
      channelKeys: ["one", "two"],
      content: { one: {}, two: {} },
      variableSchema: {},
    });
    await app.api("PUT", "/channels/two", { enabled: false });
    let asked = 0;
    const registry = interceptCalls(bindings.REGISTRY, "getApp", {
      before: (count) => {
        asked = count;
      },
    });
    const body = { template: { key: "half" }, targets: ["half"], mode: "realtime" };
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    for (let sends = 0; sends < 10; sends++) {
      const sent = await callWith({ REGISTRY: registry }, app, "POST", "/notifications/send", body);
      expect(sent.body.channels).toEqual(["in_app"]);
    }
    // Once for the caller's app and once for the channel, which this isolate has just changed.
    expect(asked).toBeLessThanOrEqual(2);
  });
});

describe("a KV that can't be read", () => {
  it("holds up nothing: the registry knows the app, the key and the template", async () => {
    const broken = {
      get: async () => {
        throw new Error("KV GET failed: 500 Internal Server Error");
      },
    } as unknown as KVNamespace;
    const fresh = await createApp();
    await fresh.api("POST", "/channels", { name: "One", type: "in_app" });
    await createTemplate(fresh, {
      key: "small",
      channelKeys: ["one"],
      content: { one: {} },
      variableSchema: {},
    });
    await fresh.copiesAreCurrent();
    const body = { template: { key: "small" }, targets: ["u"], mode: "realtime" };
    letCopiesEnd();
    const sent = await callWith({ CONFIG: broken }, fresh, "POST", "/notifications/send", body);
    expect(sent.status).toBe(200);
  });
});
