import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { CapturingQueue, callWith, consumeAll } from "../support/faults.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Which notifications a list by state and failures has, whichever table knows them. */

let app: TestApp;
const WHOLE = { customerName: "Mia", orderId: "A-1" };

beforeAll(async () => {
  app = await createReadyApp();
});

async function list(query: string): Promise<string[]> {
  const { status, body } = await app.api("GET", `/notifications?${query}`);
  expect(status).toBe(200);
  return body.data.map(({ id }: Body) => id);
}

async function sendBatch(variables: object, tag = "t"): Promise<string> {
  const template = { key: "order-confirmation", variables };
  const { body } = await app.send({ template, targets: ["a", "b"], mode: "batch", tag });
  return body.notificationId;
}

async function sendOne(): Promise<string> {
  const template = { key: "order-confirmation", variables: WHOLE };
  const { body } = await app.send({ template, targets: ["a"], mode: "realtime", tag: "one" });
  await waitUntilCompleted(app, body.notificationId);
  return body.notificationId;
}

describe("a list of notifications", () => {
  it("by failures has those in which something failed now, by all that it is asked for beside", async () => {
    const good = await sendBatch({ a: WHOLE, b: WHOLE });
    const one = await sendOne();
    const bad = await sendBatch({ a: WHOLE, b: {} }, "other");
    const worse = await sendBatch({ a: {}, b: {} });
    for (const id of [good, bad, worse]) await waitUntilCompleted(app, id);
    expect(await list("hasFailures=true")).toEqual([worse, bad]);
    expect(await list("hasFailures=true&limit=1")).toEqual([worse]);
    expect(await list("hasFailures=true&tag=other")).toEqual([bad]);
    expect(await list("hasFailures=true&mode=realtime")).toEqual([]);
    expect(await list("hasFailures=true&state=sending")).toEqual([]);
    expect(await list("hasFailures=false&state=completed")).toEqual([one, good]);
  });

  it("by failures is paged without a gap or a repeat", async () => {
    const all = await list("hasFailures=true");
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const after: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const { body } = await app.api("GET", `/notifications?hasFailures=true&limit=1${after}`);
      seen.push(...body.data.map(({ id }: Body) => id));
      cursor = body.nextCursor;
    }
    expect([seen.length > 1, seen]).toEqual([true, all]);
  });

  it("by failures has those of an earlier version's ledger, which no row tells of", async () => {
    const before = await list("hasFailures=true");
    expect(before.length).toBeGreaterThan(0);
    const day = new Date().toISOString().slice(0, 10);
    await runInDurableObject(env.LEDGER.getByName(keys.ledger(app.id, day)), (_, { storage }) => {
      storage.sql.exec("DELETE FROM failing");
      storage.sql.exec("INSERT INTO failing_unlisted (since) VALUES (1)");
    });
    expect(await list("hasFailures=true")).toEqual(before);
    await runInDurableObject(env.LEDGER.getByName(keys.ledger(app.id, day)), (_, { storage }) => {
      storage.sql.exec("DELETE FROM failing_unlisted");
    });
    expect(await list("hasFailures=true")).toEqual([]);
  });

  it("by state has what is being sent, and later no more", async () => {
    const queue = new CapturingQueue();
    const template = { key: "order-confirmation", variables: { a: WHOLE, b: {} } };
    const body = { template, targets: ["a", "b"], mode: "batch", tag: "slow" };
    const sent = await callWith(
      { DELIVERIES_NORMAL: queue.binding },
      app,
      "POST",
      "/notifications/send",
      body,
    );
    const id = sent.body.notificationId;
    expect(await list("state=sending")).toEqual([id]);
    expect(await list("state=sending&tag=slow")).toEqual([id]);
    expect(await list("state=sending&tag=t")).toEqual([]);
    expect(await list("state=completed")).not.toContain(id);
    await consumeAll(queue);
    await waitUntilCompleted(app, id);
    expect(await list("state=sending")).toEqual([]);
    expect(await list("state=completed&hasFailures=true")).toEqual([id]);
  });

  it("by failures forgets what a retry has delivered", async () => {
    const [id = ""] = await list("hasFailures=true");
    await app.api("POST", `/notifications/${id}/retry`);
    await waitUntilCompleted(app, id);
    // Its variables are missing still: it stays.
    expect(await list("hasFailures=true")).toContain(id);
  });

  it("names wrong values", async () => {
    const { status, body } = await app.api("GET", "/notifications?state=done&hasFailures=maybe");
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["state", "hasFailures"]]);
  });
});
