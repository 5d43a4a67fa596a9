import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { endAudience, isInR2, readAllAbout } from "../support/audience-end.ts";
import { CapturingQueue, callWith, consumeAll } from "../support/faults.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { callPlatform, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

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
    const before = await readAllAbout(app, id, ["ann", "bob"]);
    await endAudience(app, id);
    expect(await isInR2(app, "Override")).toBe(false);
    await age(app, 4);
    await wake(registryOf(app), "files");
    expect(await isInR2(app, "Secret Bob")).toBe(false);
    expect(await readAllAbout(app, id, ["ann", "bob"])).toEqual(before);
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
