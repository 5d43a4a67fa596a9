import Papa from "papaparse";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Body, createApp, createReadyApp, type TestApp } from "../support/api.ts";
import { logCsvPathOf, logPathOf, readLogCsv, readLogPages } from "../support/delivery-log.ts";
import { bindings, CapturingQueue, callWith, consume } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { addDevices, createPushApp, sendToMany, sendToOne } from "../support/push.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { uidsOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

describe("the log of a batch", () => {
  const uids = uidsOf(900);
  let app: TestApp;
  let id: string;

  beforeAll(async () => {
    app = await createReadyApp();
    const variables = Object.fromEntries(
      uids.map((uid, index) => [
        uid,
        index % 10 === 0 ? { orderId: `O-${index}` } : { customerName: `=N${index}`, orderId: `O-${index}` },
      ]),
    );
    const sent = await app.send({
      template: { key: "order-confirmation", variables },
      targets: uids,
      mode: "batch",
    });
    id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
  });

  it("has every target once, in pages that are full", async () => {
    const pages = await readLogPages(app, id, "?limit=100");
    expect(pages.map((page) => page.length)).toEqual(Array.from({ length: 9 }, () => 100));
    const users = pages.flat().map(({ userId }) => userId);
    expect(new Set(users)).toEqual(new Set(uids));
    expect(users).toHaveLength(uids.length);
    expect(pages.flat().find(({ userId }) => userId === "user-1")).toEqual({
      userId: "user-1",
      channelKey: "in-app-alerts",
      status: "delivered",
      reason: null,
      message: null,
      attempts: 0,
      createdAt: expect.any(String),
      deliveredAt: expect.any(String),
      viewedAt: null,
      clickedAt: null,
    });
  });

  it("has the same order whatever the pages' size", async () => {
    const usersOf = (pages: Body[][]) => pages.flat().map(({ userId }) => userId);
    const large = usersOf(await readLogPages(app, id, "?limit=100"));
    expect(usersOf(await readLogPages(app, id, "?limit=37"))).toEqual(large);
  });

  it.each([
    ["?status=failed", 90],
    ["?status=failed&reason=missing_variables", 90],
    ["?status=failed&reason=expired", 0],
    ["?status=delivered&channel=in-app-alerts", 810],
    ["?channel=other", 0],
    ["?status=pending", 0],
    ["?userId=user-10", 1],
    ["?userId=user-10&status=delivered", 0],
    ["?userId=nobody", 0],
  ])("filters %s", async (query, count) => {
    const found = (await readLogPages(app, id, `${query}&limit=100`)).flat();
    expect(found).toHaveLength(count);
  });

  it("as CSV loads back as it is", async () => {
    const { headers, rows } = await readLogCsv(app, id);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(headers.get("content-disposition")).toBe(`attachment; filename="deliveries-${id}.csv"`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(rows[0]?.slice(0, 6)).toEqual(["user_id", "channel", "status", "reason", "message", "attempts"]);
    expect(rows).toHaveLength(uids.length + 1);
    const pages = (await readLogPages(app, id, "?limit=100")).flat();
    expect(rows.slice(1).map(([user]) => user)).toEqual(pages.map(({ userId }) => userId));
  });

  it("of its failures is a targets file that can be mended and sent again, to exactly those users", async () => {
    const { rows } = await readLogCsv(app, id, "?status=failed");
    expect(rows[0]).toEqual(["user_id", "customerName", "orderId", "_reason"]);
    expect(rows).toHaveLength(91);
    expect(rows.find(([user]) => user === "user-10")).toEqual(["user-10", "", "O-10", "missing_variables"]);
    const mended = rows.map((cells, index) => (index === 0 ? cells : [cells[0], "Mia", cells[2], cells[3]]));
    await uploadCsv(app, "mended.csv", `${Papa.unparse(mended as string[][], { newline: "\n" })}\n`);
    const sent = await app.send({
      template: { key: "order-confirmation" },
      targetsFile: "mended.csv",
      mode: "batch",
    });
    const { counts } = await waitUntilCompleted(app, sent.body.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ total: 90, delivered: 90 });
    const again = (await readLogPages(app, sent.body.notificationId, "?limit=100")).flat();
    expect(new Set(again.map(({ userId }) => userId))).toEqual(
      new Set(uids.filter((_, index) => index % 10 === 0)),
    );
  });

  it.each([
    ["?status=broken", ["status"]],
    ["?reason=x&limit=0", ["reason", "limit"]],
    ["?userId=", ["userId"]],
    ["?cursor=x", ["cursor"]],
  ])("refuses %s", async (query, fields) => {
    const { status, body } = await app.api("GET", logPathOf(id, query));
    expect([status, Object.keys(body.error.details).sort()]).toEqual([400, [...fields].sort()]);
  });

  it("as CSV refuses what it doesn't know", async () => {
    const { status, body } = await app.api("GET", logCsvPathOf(id, "?for=fun&status=x"));
    expect([status, Object.keys(body.error.details).sort()]).toEqual([400, ["for", "status"]]);
  });

  it("is another app's to nobody, and needs the scope read", async () => {
    const other = await createApp();
    const sender = await app.keyWith(["send"]);
    for (const path of [logPathOf(id), logCsvPathOf(id)]) {
      expect((await other.api("GET", path)).status).toBe(404);
      expect((await sender.api("GET", path)).status).toBe(403);
    }
    expect((await app.api("GET", logPathOf("01a1fd76-d5b3-7fff-8bcd-34959ba0c912"))).status).toBe(404);
  });
});

describe("a log while deliveries arrive", () => {
  it("shows who isn't accepted yet as pending, and keeps its order", async () => {
    const app = await createReadyApp();
    const uids = uidsOf(4000);
    const variables = Object.fromEntries(uids.map((uid) => [uid, { customerName: "A", orderId: "1" }]));
    const queue = new CapturingQueue();
    const captured = { DELIVERIES_NORMAL: queue.binding };
    const sent = await callWith(captured, app, "POST", "/notifications/send", {
      template: { key: "order-confirmation", variables },
      targets: uids,
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await consume(queue.messages.slice(0, 1), captured);
    const before = (await readLogPages(app, id, "?limit=100")).flat();
    expect(before).toHaveLength(uids.length);
    expect(before.filter(({ status }) => status === "pending").length).toBeGreaterThan(50);
    expect((await app.api("GET", logPathOf(id, `?userId=${before.at(-1).userId}`))).body.data).toMatchObject([
      { status: "pending", deliveredAt: null },
    ]);
    await consume(queue.messages.slice(1));
    await waitUntilCompleted(app, id);
    const after = (await readLogPages(app, id, "?limit=100")).flat();
    expect(after.map(({ userId }) => userId)).toEqual(before.map(({ userId }) => userId));
    expect(after.every(({ status }) => status === "delivered")).toBe(true);
  });
});

describe("the log of a push", () => {
  it("shows the provider's words, the attempts and the times", async () => {
    const account = await createPushApp();
    const [gone] = await addDevices(account, "gone", "apns");
    await addDevices(account, "fine", "fcm");
    if (gone === undefined) throw new Error("No device");
    await account.project.markGone(gone);
    await account.project.setFaults([{ provider: "fcm", status: 503, times: 2 }]);
    const id = await sendToMany(account.app, ["gone", "fine", "none"]);
    await waitUntilCompleted(account.app, id);
    const log = (await readLogPages(account.app, id, "?channel=mobile-push")).flat();
    const of = (uid: string) => log.find(({ userId }) => userId === uid);
    expect(of("gone")).toMatchObject({ status: "failed", reason: "provider_rejected", attempts: 1 });
    expect(of("gone").message).toContain("Unregistered");
    expect(of("fine")).toMatchObject({ status: "delivered", reason: null, attempts: 3 });
    expect(of("none")).toMatchObject({ status: "skipped", reason: "no_device", attempts: 0 });
    const { rows } = await readLogCsv(account.app, id, "?status=failed");
    expect(rows).toEqual([
      ["user_id", "name", "orderId", "_reason"],
      ["gone", "gone", "A-1", "provider_rejected"],
    ]);
  });

  it("shows the attempts so far while it is pending", async () => {
    const account = await createPushApp();
    await addDevices(account, "mia", "fcm");
    await account.project.setFaults([{ provider: "fcm", status: 429, retryAfter: "3600" }]);
    const id = await sendToOne(account.app, "mia");
    const { data } = (await account.app.api("GET", logPathOf(id, "?channel=mobile-push"))).body;
    expect(data).toMatchObject([{ userId: "mia", status: "pending", attempts: 1, deliveredAt: null }]);
  });
});

describe("the log of a realtime send", () => {
  it("to one shows that one, with views and clicks", async () => {
    const app = await createReadyApp();
    const variables = { customerName: "Mia", orderId: "1" };
    const body = { template: { key: "order-confirmation", variables }, targets: ["mia"], mode: "realtime" };
    const { notificationId: id } = (await app.send(body)).body;
    const mia = await app.asUser("mia");
    await mia("POST", `/feed/${id}/clicked`);
    const { data, nextCursor } = (await app.api("GET", logPathOf(id))).body;
    expect(nextCursor).toBeNull();
    expect(data).toMatchObject([
      { userId: "mia", status: "delivered", viewedAt: expect.any(String), clickedAt: expect.any(String) },
    ]);
    expect((await app.api("GET", logPathOf(id, "?userId=bob"))).body.data).toEqual([]);
    expect((await readLogCsv(app, id)).rows).toHaveLength(2);
  });

  it("to several shows each", async () => {
    const app = await createReadyApp();
    const receivers = ["ann", "bob", "cho"];
    const answer = await app.call("POST", "/notifications/messages", {
      templateId: "order-confirmation",
      receivers,
      variables: Object.fromEntries(receivers.map((uid) => [uid, { customerName: uid, orderId: "1" }])),
    });
    const id = answer.body.data.notificationId;
    await vi.waitFor(async () => {
      const log = (await readLogPages(app, id, "?limit=2")).flat();
      expect(log.map(({ userId }) => userId).sort()).toEqual(receivers);
      expect(log.every(({ status }) => status === "delivered")).toBe(true);
    }, PATIENTLY);
  });
});

describe("the log of a file send", () => {
  it("has the file's rows with the body's exceptions in its failures", async () => {
    const app = await createReadyApp();
    await uploadCsv(app, "people.csv", "user_id,customerName,orderId\nann,Ann,\nbob,Bob,2\ncho,Cho,\n");
    const sent = await app.send({
      template: { key: "order-confirmation", variables: { cho: { customerName: "Mr. Cho" } } },
      targetsFile: "people.csv",
      mode: "batch",
    });
    const id = sent.body.notificationId;
    await waitUntilCompleted(app, id);
    const { rows } = await readLogCsv(app, id, "?status=failed");
    expect([rows[0], ...rows.slice(1).sort()]).toEqual([
      ["user_id", "customerName", "orderId", "_reason"],
      ["ann", "Ann", "", "missing_variables"],
      ["cho", "Mr. Cho", "", "missing_variables"],
    ]);
  });

  it("answers 503 where its audience can't be read, and says nothing else", async () => {
    const app = await createReadyApp();
    await uploadCsv(app, "people.csv", "user_id,customerName,orderId\nann,Ann,1\n");
    const sent = await app.send({
      template: { key: "order-confirmation" },
      targetsFile: "people.csv",
      mode: "batch",
    });
    await waitUntilCompleted(app, sent.body.notificationId);
    const TARGETS = {
      ...bindings.TARGETS,
      get: () =>
        Promise.reject(new Error("get: We encountered an internal error. Please try again. (10001)")),
    } as never;
    const answer = await callWith({ TARGETS }, app, "GET", logPathOf(sent.body.notificationId));
    expect([answer.status, answer.body.error.code]).toEqual([503, "ERR_UNAVAILABLE"]);
  });
});
