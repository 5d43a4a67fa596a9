import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runInDurableObject,
} from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bindings } from "../../src/env.ts";
import worker from "../../src/index.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, callWith } from "../support/faults.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

/** The deployment with a variable of any value. */
const having = (name: string, value: unknown) => ({ [name]: value }) as Partial<Bindings>;

async function health(replaced: Partial<Bindings>): Promise<{ status: number; body: unknown }> {
  const request = new Request<unknown, IncomingRequestCfProperties>("https://onecall.test/health");
  const response = await worker.fetch(request, { ...bindings, ...replaced }, createExecutionContext());
  return { status: response.status, body: await response.json() };
}

const WRONG: [name: string, value: unknown][] = [
  ["RETENTION_DAYS", "abc"],
  ["RETENTION_DAYS", ""],
  ["RETENTION_DAYS", "0"],
  ["RETENTION_DAYS", "1e300"],
  ["RETENTION_DAYS", undefined],
  ["STALL_SECONDS", "-1"],
  ["PUSH_TIMEOUT_SECONDS", "5s"],
  ["PUSH_RETRY_SECONDS", "NaN"],
  ["PUSH_PROBE_SECONDS", "Infinity"],
  ["WEBHOOK_TIMEOUT_SECONDS", " "],
  ["FCM_URL", "fcm.googleapis.com"],
  ["FCM_TOKEN_URL", "ftp://oauth2.googleapis.com"],
  ["APNS_URL", ""],
  ["APNS_SANDBOX_URL", "https://"],
  ["ALLOW_LOOPBACK", "yes"],
];

describe("a variable that is wrong", () => {
  it.each(WRONG)("%s: %j is named by /health, which is 503", async (name, value) => {
    const { status, body } = await health(having(name, value));
    expect([status, body]).toEqual([
      503,
      {
        status: "error",
        bindings: { kv: true, r2: true, queues: true, durableObjects: true },
        variables: { [name]: expect.stringMatching(/^must be /) },
      },
    ]);
  });

  it("is named with all others, once", async () => {
    const { body } = await health({ ...having("RETENTION_DAYS", "abc"), ...having("FCM_URL", "x") });
    expect(body).toMatchObject({
      variables: { RETENTION_DAYS: expect.any(String), FCM_URL: expect.any(String) },
    });
  });

  it("refuses every other call, which says the same", async () => {
    for (const path of ["/channels", "/nothing"]) {
      const { status, headers, body } = await callWith(having("RETENTION_DAYS", "abc"), app, "GET", path);
      expect([status, body.error.code, headers.get("retry-after")]).toEqual([503, "ERR_UNAVAILABLE", "60"]);
      expect(body.error.message).toContain("RETENTION_DAYS must be a number above 0");
    }
  });

  it("leaves queue messages for a deployment that is right", async () => {
    for (const queue of ["onecall-deliveries-high", "onecall-push-low", "onecall-dead-letters"]) {
      const messages = [{ id: "message", timestamp: new Date(), attempts: 1, body: {} }];
      const batch = createMessageBatch(queue, messages);
      await worker.queue(batch, { ...bindings, ...having("STALL_SECONDS", "soon") });
      const { explicitAcks, retryBatch } = await getQueueResult(batch, createExecutionContext());
      expect([explicitAcks, retryBatch]).toMatchObject([[], { retry: true }]);
    }
  });
});

it("a binding that is missing is told by /health", async () => {
  const { status, body } = await health({ TARGETS: undefined } as unknown as Partial<Bindings>);
  expect([status, body]).toMatchObject([503, { status: "error", bindings: { r2: false, kv: true } }]);
});

it("an object opens whatever a variable holds, and does what doesn't need it", async () => {
  const shard = bindings.USER_SHARD.getByName(`${app.id}:0`);
  await runInDurableObject(shard, (instance, state) => {
    const Shard = instance.constructor as new (state: DurableObjectState, env: Bindings) => typeof instance;
    const opened = new Shard(state, {
      ...bindings,
      ...having("RETENTION_DAYS", "abc"),
      ...having("STALL_SECONDS", "x"),
    });
    expect(opened.listReachable(["push"], ["nobody"])).toEqual({ push: [] });
  });
});
