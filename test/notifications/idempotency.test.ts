import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, callWith, interceptCalls, unreachable } from "../support/faults.ts";
import { shardStubOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
});

const realtimeTo = (uid: string) => ({
  template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "1" } },
  targets: [uid],
  mode: "realtime",
});
const batchTo = (...targets: string[]) => ({
  template: { key: "order-confirmation" },
  targets,
  mode: "batch",
});
const withKey = (key: string) => ({ "idempotency-key": key });
const SEND = "/notifications/send";

async function feedOf(uid: string): Promise<Body[]> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data;
}

describe("an Idempotency-Key", () => {
  it("gives the first answer again and sends nothing, in realtime", async () => {
    const first = await app.send(realtimeTo("idem-1"), withKey("order-1"));
    const second = await app.send(realtimeTo("idem-1"), withKey("order-1"));
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(await feedOf("idem-1")).toHaveLength(1);
  });

  it("gives the first answer again and sends nothing, in batch", async () => {
    const first = await app.send(batchTo("idem-2", "idem-3"), withKey("batch-1"));
    const second = await app.send(batchTo("idem-2", "idem-3"), withKey("batch-1"));
    expect(second.body).toEqual(first.body);
    await waitUntilCompleted(app, first.body.notificationId);
    expect(await feedOf("idem-2")).toHaveLength(1);
  });

  it.each([
    ["business messaging, realtime", "/v3/business-messaging/api/notifications/send", realtimeTo("idem-r1")],
    ["business messaging, batch", "/api/notifications/send", batchTo("idem-r2", "idem-r3")],
    [
      "campaigns",
      "/v3/campaigns/notifications/messages",
      {
        templateId: "order-confirmation",
        receivers: ["idem-r4"],
        variables: { "idem-r4": { customerName: "Jane", orderId: "1" } },
      },
    ],
    [
      "platform",
      "/v2/notifications/messages",
      {
        template: {
          key: "order-confirmation",
          variables: { "idem-r5": { customerName: "Jane", orderId: "1" } },
        },
        targets: ["idem-r5"],
        mode: "realtime",
      },
    ],
  ])("marks an answer that is given once more, in %s", async (_, path, body) => {
    const headers = { "api-token": app.apiKey, ...withKey(`replay ${path}`) };
    const [first, second] = [
      await app.call("POST", path, body, headers),
      await app.call("POST", path, body, headers),
    ];
    expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([200, null]);
    expect([second.status, second.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    expect(second.body).toEqual(first.body);
    const keyless = await app.call("POST", path, body, { "api-token": app.apiKey });
    expect(keyless.headers.get("idempotent-replayed")).toBeNull();
  });

  it("knows the same request by its content, not by the order of its fields", async () => {
    const { template, targets, mode } = realtimeTo("idem-4");
    const first = await app.send({ template, targets, mode }, withKey("order-4"));
    const second = await app.send({ mode, targets, template }, withKey("order-4"));
    expect(second.body.notificationId).toBe(first.body.notificationId);
  });

  it("refuses another body with 409", async () => {
    await app.send(realtimeTo("idem-5"), withKey("order-5"));
    const { status, body } = await app.send(realtimeTo("idem-6"), withKey("order-5"));
    expect([status, body.error.code]).toEqual([409, "ERR_IDEMPOTENCY_CONFLICT"]);
    expect(await feedOf("idem-6")).toHaveLength(0);
  });

  it("still gives the first answer when the template is no longer approved", async () => {
    const other = await createReadyApp();
    const first = await other.send(realtimeTo("idem-7"), withKey("order-7"));
    await other.api("PUT", "/templates/order-confirmation", { status: "archived" });
    expect((await other.send(realtimeTo("idem-7"), withKey("order-7"))).body).toEqual(first.body);
  });

  it("keeps no claim of a call that was refused", async () => {
    const bad = { ...realtimeTo("idem-8"), targets: [] };
    expect((await app.send(bad, withKey("order-9"))).status).toBe(400);
    expect((await app.send(realtimeTo("idem-8"), withKey("order-9"))).status).toBe(200);
  });

  it("sends once when ten equal calls come at the same time", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => app.send(realtimeTo("idem-10"), withKey("order-10"))),
    );
    for (const { status, headers } of answers) {
      expect([200, 409]).toContain(status);
      if (status === 409) expect(headers.get("retry-after")).toBe("1");
    }
    expect((await app.send(realtimeTo("idem-10"), withKey("order-10"))).status).toBe(200);
    expect(await feedOf("idem-10")).toHaveLength(1);
  });

  it("is refused where it isn't 1 to 255 printable ASCII characters", async () => {
    for (const key of ["x".repeat(256), "schlüssel"]) {
      const { status, body } = await app.send(realtimeTo("idem-11"), withKey(key));
      expect([status, body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    }
  });

  it("is its app's own: another app's same key is another key", async () => {
    const other = await createReadyApp();
    const [first, second] = [
      await app.send(realtimeTo("idem-12"), withKey("shared")),
      await other.send(realtimeTo("idem-12"), withKey("shared")),
    ];
    expect(second.body.notificationId).not.toBe(first.body.notificationId);
  });
});

describe("a call that failed before its commit point", () => {
  it("sent nothing, and its repeat with the same key sends once: batch, ledger down", async () => {
    const key = withKey("fail-1");
    const failed = await callWith({ LEDGER: unreachable() }, app, "POST", SEND, batchTo("fail-1"), key);
    expect([failed.status, failed.body.error.code]).toEqual([503, "ERR_UNAVAILABLE"]);
    expect(failed.headers.get("retry-after")).toBe("1");
    expect(await feedOf("fail-1")).toHaveLength(0);
    const repeated = await app.send(batchTo("fail-1"), key);
    await waitUntilCompleted(app, repeated.body.notificationId);
    expect(await feedOf("fail-1")).toHaveLength(1);
  });

  it("sent nothing: realtime, shard down", async () => {
    const broken = interceptCalls(bindings.USER_SHARD, "deliver", {
      before: () => {
        throw new Error("Network connection lost.");
      },
    });
    const key = withKey("fail-2");
    const failed = await callWith({ USER_SHARD: broken }, app, "POST", SEND, realtimeTo("fail-2"), key);
    expect(failed.status).toBe(503);
    expect(await feedOf("fail-2")).toHaveLength(0);
    expect((await app.send(realtimeTo("fail-2"), key)).status).toBe(200);
    expect(await feedOf("fail-2")).toHaveLength(1);
  });

  it("sends once where only the answer of the commit was lost", async () => {
    const lossy = interceptCalls(bindings.USER_SHARD, "deliver", {
      after: () => {
        throw new Error("Network connection lost.");
      },
    });
    const key = withKey("fail-3");
    const failed = await callWith({ USER_SHARD: lossy }, app, "POST", SEND, realtimeTo("fail-3"), key);
    expect(failed.status).toBe(503);
    const repeated = await app.send(realtimeTo("fail-3"), key);
    expect(repeated.status).toBe(200);
    const feed = await feedOf("fail-3");
    expect(feed.map(({ notificationId }) => notificationId)).toEqual([repeated.body.notificationId]);
  });

  it("repeats the commit under the same id by itself where its outcome is unknown", async () => {
    const lossyOnce = interceptCalls(bindings.USER_SHARD, "deliver", {
      after: (count) => {
        if (count === 1) throw new Error("Network connection lost.");
      },
    });
    const sent = await callWith({ USER_SHARD: lossyOnce }, app, "POST", SEND, realtimeTo("fail-4"));
    expect(sent.status).toBe(200);
    expect(await feedOf("fail-4")).toHaveLength(1);
  });

  it("runs a stopped call again under the same id and template version", async () => {
    const other = await createReadyApp();
    const key = withKey("stopped");
    const failed = await callWith({ LEDGER: unreachable() }, other, "POST", SEND, batchTo("stopped"), key);
    expect(failed.status).toBe(503);
    const stub = await shardStubOf(other, "stopped");
    const claimed = await runInDurableObject(stub, (_instance, state) =>
      state.storage.sql
        .exec(
          "SELECT notification_id, header ->> 'templateVersion' AS template_version FROM claims WHERE key = 'stopped'",
        )
        .one(),
    );
    const content = { "in-app-alerts": { text: "second" } };
    await other.api("PUT", "/templates/order-confirmation", {
      content,
      variableSchema: {},
      status: "approved",
    });
    const repeated = await other.send(batchTo("stopped"), key);
    expect(repeated.body.notificationId).toBe(claimed.notification_id);
    const { templateVersion } = await waitUntilCompleted(other, repeated.body.notificationId);
    expect(templateVersion).toBe(claimed.template_version);
  });
});
