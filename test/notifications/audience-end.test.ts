import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { requireIdParts } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { MAX_RENDERED_BYTES } from "../../src/model/limits.ts";
import { type Body, createReadyApp, createTemplate, type TestApp } from "../support/api.ts";
import { type bindings, CapturingQueue, callWith, consume, consumeAll } from "../support/faults.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { addDevices, createPushApp, type PushApp } from "../support/push.ts";
import { readStoredText, uncompressedBucket } from "../support/stored-objects.ts";
import { callPlatform, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const PAGE = 7;

const ledgerOf = (app: TestApp, id: string) => {
  const { day, slot } = requireIdParts(id);
  return env.LEDGER.getByName(keys.ledger(app.id, day, slot));
};

/** The time of the batch's targets in R2 is over. */
const endAudience = (app: TestApp, id: string) => wake(ledgerOf(app, id), "audience");

async function listR2(app: TestApp): Promise<string[]> {
  const lists = await Promise.all(keys.r2Prefixes(app.id).map((prefix) => env.TARGETS.list({ prefix })));
  return lists.flatMap(({ objects }) => objects.map(({ key }) => key)).sort();
}

/** True where a text stands in any R2 object of the app. */
async function isInR2(app: TestApp, text: string): Promise<boolean> {
  for (const key of await listR2(app)) {
    if ((await readStoredText(env.TARGETS, key))?.includes(text) === true) return true;
  }
  return false;
}

/** All that is told of a batch's targets. `users`: of whom the log is asked one by one. */
async function readAll(app: TestApp, id: string, users: readonly string[]): Promise<Record<string, unknown>> {
  const path = `/notifications/${id}/deliveries`;
  const pages: Body[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: Body = await app.api("GET", `${path}?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
    pages.push(body);
    cursor = body.nextCursor;
  }
  const byUser = await Promise.all(
    [...users, "nobody"].map(async (user) => (await app.api("GET", `${path}?userId=${user}`)).body),
  );
  return {
    pages,
    byUser,
    failed: (await app.api("GET", `${path}?status=failed&limit=100`)).body,
    csv: (await app.api("GET", `${path}.csv`)).body,
    failures: (await app.api("GET", `${path}.csv?status=failed`)).body,
    counts: (await app.notification(id)).counts,
    audit: (await app.audit(id)).isEqual,
  };
}

const uidsOf = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

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
    const before = await readAll(app, id, targets);
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
    expect(await readAll(app, id, targets)).toEqual(before);

    expect((await app.api("DELETE", "/users/to-be-deleted")).status).toBe(200);
    const afterDeletion = await readAll(app, id, ["to-be-deleted"]);
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
    expect((await readAll(app, id, [])).failures).toContain("nameless,,A-2,missing_variables");
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
    const before = await readAll(app, id, ["large", "small"]);
    expect(before.failures).toContain(`large,${customerName},payload_too_large`);
    await endAudience(app, id);
    expect(await isInR2(app, customerName)).toBe(false);
    expect(await readAll(app, id, ["large", "small"])).toEqual(before);
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
    const before = await readAll(app, id, targets);
    expect(String(before.failures).split("\n")).toHaveLength(9);
    await endAudience(app, id);
    expect(await isInR2(app, "user-1")).toBe(true);
    expect(await readAll(app, id, targets)).toEqual(before);
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

describe("what R2 has of a targets file", () => {
  const CSV = "user_id,customerName,orderId\nann,Secret Ann,\nbob,Secret Bob,2\n";
  const registryOf = (app: TestApp) => env.REGISTRY.getByName(app.id);
  const remove = (app: TestApp) => callPlatform(app, "DELETE", "/v1/storage/targets_files/people.csv");
  /** Days later, as far as its files are concerned. */
  const age = (app: TestApp, days: number) =>
    runInDurableObject(registryOf(app), (_, { storage }) => {
      const ms = days * 24 * 60 * 60 * 1000;
      storage.sql.exec(
        "UPDATE file_audiences SET used_until = MAX(0, used_until - ?1), ends_at = ends_at - ?1",
        ms,
      );
    });
  const sendFile = async (app: TestApp, extra: object = {}) => {
    const body = {
      template: { key: "order-confirmation", ...extra },
      targetsFile: "people.csv",
      mode: "batch",
    };
    return (await app.send(body)).body.notificationId;
  };

  it("goes when a file that nobody was sent with is deleted, and when it is overwritten", async () => {
    const app = await createReadyApp();
    await uploadCsv(app, "people.csv", CSV);
    await uploadCsv(app, "people.csv", CSV.replaceAll("Secret", "New"), true);
    await wake(registryOf(app), "files");
    expect([await isInR2(app, "Secret Ann"), await isInR2(app, "New Ann")]).toEqual([false, true]);
    expect((await remove(app)).status).toBeLessThan(300);
    await wake(registryOf(app), "files");
    expect([await isInR2(app, "New Ann"), await rowsIn(registryOf(app), "file_audiences")]).toEqual([
      false,
      0,
    ]);
    expect(await rowsIn(registryOf(app), "due WHERE kind = 'files'")).toBe(0);
  });

  it("goes when its time is over", async () => {
    const app = await createReadyApp();
    await uploadCsv(app, "people.csv", CSV);
    await wake(registryOf(app), "files");
    expect(await isInR2(app, "Secret Ann")).toBe(true);
    await age(app, 31);
    await wake(registryOf(app), "files");
    expect(await isInR2(app, "Secret Ann")).toBe(false);
  });

  it("stays for a batch that is on its way, and then log, failures file and retry need neither it nor the overrides", async () => {
    const app = await createReadyApp();
    const queue = new CapturingQueue();
    await uploadCsv(app, "people.csv", CSV);
    const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", {
      template: { key: "order-confirmation", variables: { ann: { customerName: "Override" } } },
      targetsFile: "people.csv",
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await remove(app);
    await wake(registryOf(app), "files");
    expect(await isInR2(app, "Secret Bob")).toBe(true);
    await consumeAll(queue);
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 1, failed: { missing_variables: 1 } });
    const before = await readAll(app, id, ["ann", "bob"]);
    await endAudience(app, id);
    expect(await isInR2(app, "Override")).toBe(false);
    await age(app, 4);
    await wake(registryOf(app), "files");
    expect(await isInR2(app, "Secret Bob")).toBe(false);
    expect(await readAll(app, id, ["ann", "bob"])).toEqual(before);
    expect(before.failures).toBe("user_id,customerName,orderId,_reason\nann,Override,,missing_variables\n");
    expect((await app.api("POST", `/notifications/${id}/retry`)).status).toBe(200);
    expect((await waitUntilCompleted(app, id)).counts).toEqual(counts);
  });

  it("is kept for a batch that isn't done in time", async () => {
    const app = await createReadyApp();
    const queue = new CapturingQueue();
    await uploadCsv(app, "people.csv", CSV);
    const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", {
      template: { key: "order-confirmation" },
      targetsFile: "people.csv",
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await endAudience(app, id);
    await remove(app);
    await age(app, 60);
    await wake(registryOf(app), "files");
    await consumeAll(queue);
    expect((await waitUntilCompleted(app, id)).counts["in-app-alerts"]).toMatchObject({ delivered: 1 });
  });

  it("is used by a send for as long as the send has time", async () => {
    const app = await createReadyApp();
    await uploadCsv(app, "people.csv", CSV);
    const usedUntil = () =>
      runInDurableObject(registryOf(app), (_, { storage }) =>
        storage.sql.exec<{ at: number }>("SELECT used_until AS at FROM file_audiences").one(),
      );
    const id = await sendFile(app);
    const { at } = await usedUntil();
    await waitUntilCompleted(app, id);
    expect(at).toBeGreaterThan(Date.now());
    await sendFile(app);
    expect((await usedUntil()).at).toBe(at);
  });
});
