import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { MAX_RENDERED_BYTES } from "../../src/model/limits.ts";
import { createReadyApp, createTemplate } from "../support/api.ts";
import { endAudience, isInR2, listR2, readAllAbout } from "../support/audience-end.ts";
import { type bindings, CapturingQueue, callWith, consume } from "../support/faults.ts";
import { ledgerOf, rowsIn } from "../support/objects.ts";
import { addDevices, createPushApp, type PushApp } from "../support/push.ts";
import { uncompressedBucket } from "../support/stored-objects.ts";
import { uidsOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** A batch with targets of every kind: usual ones, with variables that lack, content too large, devices that fail. */
async function sendToAllKinds(account: PushApp): Promise<{ id: string; targets: string[] }> {
  const { app, project } = account;
  const [owner] = await addDevices(account, "owner", "fcm");
  await project.setFaults([{ provider: "fcm", status: 400, device: owner?.token ?? "" }]);
  const plain = [...uidsOf(40), "owner", "to-be-deleted"];
  const variables: Record<string, object> = Object.fromEntries(
    plain.map((uid) => [uid, { name: `Name of ${uid}`, orderId: "A-1" }]),
  );
  variables.nameless = { orderId: "A-2" };
  variables.wrong = { name: { url: "x" }, orderId: "A-3" };
  const targets = [...plain, "nameless", "wrong", "without"];
  const sent = await app.send({ template: { key: "order", variables }, targets, mode: "batch" });
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  const id = sent.body.notificationId;
  await waitUntilCompleted(app, id);
  return { id, targets };
}

describe("a day after its completion a batch's targets are in no R2 object, and", () => {
  it("log, files, counts and a retry are what they were", async () => {
    const account = await createPushApp(["fcm"]);
    const { app, project } = account;
    const { id, targets } = await sendToAllKinds(account);
    expect(await isInR2(app, "Name of user-1")).toBe(true);
    const before = await readAllAbout(app, id, targets);
    expect(before).toMatchObject({
      audit: true,
      counts: {
        "mobile-push": { failed: { provider_rejected: 1, missing_variables: 1, invalid_variables: 1 } },
      },
    });
    expect(await rowsIn(ledgerOf(app, id), "due WHERE kind = 'audience'")).toBe(1);

    await endAudience(app, id);
    expect(await rowsIn(ledgerOf(app, id), "due WHERE kind = 'audience'")).toBe(0);
    expect(await listR2(app)).toEqual([keys.r2AudienceIndex(app.id, id)]);
    expect(await isInR2(app, "user-1")).toBe(false);
    expect(await readAllAbout(app, id, targets)).toEqual(before);

    expect((await app.api("DELETE", "/users/to-be-deleted")).status).toBe(200);
    const afterDeletion = await readAllAbout(app, id, ["to-be-deleted"]);
    expect(afterDeletion.byUser).toMatchObject([{ data: [] }, { data: [] }]);
    expect(afterDeletion.csv).not.toContain("to-be-deleted");
    expect(String(afterDeletion.csv).split("\n")).toHaveLength(String(before.csv).split("\n").length);

    await project.setFaults([]);
    expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(200);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["mobile-push"]).toMatchObject({
      delivered: 1,
      failed: { missing_variables: 1, invalid_variables: 1 },
    });
    expect((await app.audit(id)).isEqual).toBe(true);
    const { received } = await project.received();
    expect(JSON.stringify(received.at(-1))).toContain("Name of owner");
    expect((await readAllAbout(app, id, [])).failures).toContain("nameless,,A-2,missing_variables");
  });

  it("a target whose content was too large keeps what it was sent", async () => {
    const app = await createReadyApp();
    const text = "{{customerName}}".repeat(8);
    await createTemplate(app, {
      key: "long",
      content: { "in-app-alerts": { text } },
      variableSchema: { customerName: { type: "string" } },
    });
    const customerName = "x".repeat(Math.ceil(MAX_RENDERED_BYTES / 8));
    const variables = { large: { customerName }, small: { customerName: "Leo" } };
    const sent = await app.send({
      template: { key: "long", variables },
      targets: ["large", "small"],
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    const before = await readAllAbout(app, id, ["large", "small"]);
    expect(before.failures).toContain(`large,${customerName},payload_too_large`);
    await endAudience(app, id);
    expect(await isInR2(app, customerName)).toBe(false);
    expect(await readAllAbout(app, id, ["large", "small"])).toEqual(before);
  });

  it("what a page began goes on where it was", async () => {
    const app = await createReadyApp();
    const targets = uidsOf(30);
    const variables = Object.fromEntries(targets.map((uid) => [uid, { customerName: uid, orderId: "1" }]));
    const sent = await app.send({
      template: { key: "order-confirmation", variables },
      targets,
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    const path = `/notifications/${id}/deliveries`;
    const whole = (await app.api("GET", `${path}?limit=100`)).body.data;
    const { body: first } = await app.api("GET", `${path}?limit=11`);
    await endAudience(app, id);
    const { body: rest } = await app.api("GET", `${path}?limit=100&cursor=${first.nextCursor}`);
    expect([...first.data, ...rest.data]).toEqual(whole);
  });
});

describe("an audience stays", () => {
  it("where an earlier version delivered a part of it: log and retry go on reading it", async () => {
    const queue = new CapturingQueue();
    const app = await createReadyApp();
    const targets = uidsOf(60);
    const variables = Object.fromEntries(
      targets.map((uid, index) => [
        uid,
        index % 9 === 0 ? { orderId: "1" } : { customerName: uid, orderId: "1" },
      ]),
    );
    const earlier = { DELIVERIES_NORMAL: queue.binding, TARGETS: uncompressedBucket(env.TARGETS) };
    const sent = await callWith(earlier, app, "POST", "/notifications/send", {
      template: { key: "order-confirmation", variables },
      targets,
      mode: "batch",
    });
    const id = sent.body.notificationId;
    const index = await (await env.TARGETS.get(keys.r2AudienceIndex(app.id, id)))?.json<{
      chunks: object[];
    }>();
    const old = (index?.chunks ?? []).map((chunk) => ({
      version: 1,
      appId: app.id,
      notificationId: id,
      chunk,
    }));
    expect((await consume(old)).acked).toBe(1);
    await waitUntilCompleted(app, id);
    const before = await readAllAbout(app, id, targets);
    expect(String(before.failures).split("\n")).toHaveLength(9);
    await endAudience(app, id);
    expect(await isInR2(app, "user-1")).toBe(true);
    expect(await readAllAbout(app, id, targets)).toEqual(before);
    expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(200);
    expect((await waitUntilCompleted(app, id)).counts["in-app-alerts"]).toMatchObject({
      delivered: 53,
      failed: { missing_variables: 7 },
    });
  });

  it("where a shard can't be asked, until it can", async () => {
    const app = await createReadyApp();
    const variables = { mia: { customerName: "Mia", orderId: "1" } };
    const sent = await app.send({
      template: { key: "order-confirmation", variables },
      targets: ["mia"],
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    const ledger = ledgerOf(app, id);
    const restore = await runInDurableObject(ledger, (instance) => {
      const holder = instance as unknown as { env: typeof bindings };
      const { env: whole } = holder;
      const USER_SHARD = {
        getByName: () => ({ countInSegments: () => Promise.reject(new Error("unreachable")) }),
      };
      holder.env = { ...whole, USER_SHARD } as never;
      return () => {
        holder.env = whole;
      };
    });
    await endAudience(app, id);
    expect(await isInR2(app, "Mia")).toBe(true);
    expect(await rowsIn(ledger, "due WHERE kind = 'audience'")).toBe(1);
    await runInDurableObject(ledger, () => restore());
    await endAudience(app, id);
    expect(await isInR2(app, "Mia")).toBe(false);
  });
});
