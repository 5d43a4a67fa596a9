import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { getShardStubOf } from "../../src/objects/user-shard/contract.ts";
import {
  type Body,
  createApp,
  createChannels,
  createTemplate,
  type TestApp,
  type UserCall,
} from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { recordOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
  await app.api("POST", "/channels", { name: "Inbox", type: "in_app" });
  const text = { text: "Hello" };
  await createTemplate(app, {
    channelKeys: ["in-app-alerts", "inbox", "mobile-push"],
    content: { "in-app-alerts": text, inbox: text, "mobile-push": { title: "T", body: "B" } },
    variableSchema: {},
  });
});

let users = 0;
let uid: string;
let id: string;
let asUser: UserCall;
beforeEach(async () => {
  uid = `reader-${++users}`;
  id = await sendTo(uid);
  asUser = await app.asUser(uid);
});

async function sendTo(user: string): Promise<string> {
  const send = { template: { key: "order-confirmation" }, targets: [user], mode: "realtime" };
  return (await app.send(send)).body.notificationId;
}
const unread = async () => (await asUser("GET", "/feed/unread-count")).body;

/** Resolves when the notification's counts say so. The shards' next reports aren't waited for, but asked for. */
async function expectCounts(notificationId: string, viewed: number[], clicked: number[]): Promise<void> {
  for (let user = 1; user <= users; user++) await reportNow(`reader-${user}`);
  await vi.waitFor(async () => {
    const { counts } = await app.notification(notificationId);
    const inChannels = [counts["in-app-alerts"], counts.inbox, counts["mobile-push"]];
    expect(inChannels.map((channel) => channel.viewed)).toEqual([...viewed, 0]);
    expect(inChannels.map((channel) => channel.clicked)).toEqual([...clicked, 0]);
  }, PATIENTLY);
}

const reportNow = async (user: string) => getShardStubOf(env, await recordOf(app), user).flush();

describe("a view", () => {
  it("is counted once per channel, however often it is reported", async () => {
    for (let repeat = 0; repeat < 3; repeat++) {
      expect((await asUser("POST", `/feed/${id}/viewed`, { channelKey: "inbox" })).status).toBe(200);
    }
    await expectCounts(id, [0, 1], [0, 0]);
    await asUser("POST", `/feed/${id}/viewed`, { channelKey: "in-app-alerts" });
    await expectCounts(id, [1, 1], [0, 0]);
  });

  it("is of every channel where none is named", async () => {
    const { body } = await asUser("POST", `/feed/${id}/viewed`);
    expect(body.data.map((item: { channelKey: string }) => item.channelKey).sort()).toEqual([
      "in-app-alerts",
      "inbox",
    ]);
    await expectCounts(id, [1, 1], [0, 0]);
  });

  it("keeps the time of the first one", async () => {
    const { body: first } = await asUser("POST", `/feed/${id}/viewed`, { channelKey: "inbox" });
    expect(first.data[0].viewedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(Date.parse(first.data[0].viewedAt)));
    const { body: second } = await asUser("POST", `/feed/${id}/viewed`, { channelKey: "inbox" });
    expect(second).toEqual(first);
  });

  it("reaches the counts by itself", async () => {
    await asUser("POST", `/feed/${id}/viewed`);
    await vi.waitFor(async () => {
      expect((await app.notification(id)).counts.inbox).toMatchObject({ viewed: 1, clicked: 0 });
    }, PATIENTLY);
  });

  it("is no click", async () => {
    const { body } = await asUser("POST", `/feed/${id}/viewed`);
    for (const item of body.data) expect(item.clickedAt).toBeNull();
  });
});

describe("a click", () => {
  it("is also a view", async () => {
    const { body } = await asUser("POST", `/feed/${id}/clicked`, { channelKey: "inbox" });
    expect(body.data).toMatchObject([{ viewedAt: expect.any(String), clickedAt: expect.any(String) }]);
    await expectCounts(id, [0, 1], [0, 1]);
  });

  it("is counted once, and the view before it too", async () => {
    await asUser("POST", `/feed/${id}/viewed`);
    await asUser("POST", `/feed/${id}/clicked`);
    await asUser("POST", `/feed/${id}/clicked`);
    await asUser("POST", `/feed/${id}/viewed`);
    await expectCounts(id, [1, 1], [1, 1]);
  });
});

describe("views of several items in one call", () => {
  it("are counted once each, and what the feed hasn't is left out", async () => {
    const second = await sendTo(uid);
    const items = [
      { notificationId: id, channelKey: "inbox" },
      { notificationId: second },
      { notificationId: second },
      { notificationId: id, channelKey: "no-such-channel" },
      { notificationId: "0191d3a0-0000-7000-8000-000000000000" },
    ];
    const { status, body } = await asUser("POST", "/feed/viewed", { items });
    expect(status).toBe(200);
    const marked = new Set(body.data.map((item: Body) => `${item.notificationId} ${item.channelKey}`));
    expect([...marked].sort()).toEqual([`${id} inbox`, `${second} in-app-alerts`, `${second} inbox`].sort());
    expect(body.data.every((item: Body) => item.viewedAt !== null)).toBe(true);
    expect(await unread()).toEqual({ count: 1 });
    await asUser("POST", "/feed/viewed", { items });
    await expectCounts(id, [0, 1], [0, 0]);
    await expectCounts(second, [1, 1], [0, 0]);
  });

  it("are at most 100, and name each that is wrong", async () => {
    const many = Array.from({ length: 101 }, () => ({ notificationId: id }));
    for (const items of [[], many]) {
      expect((await asUser("POST", "/feed/viewed", { items })).status).toBe(400);
    }
    const { status, body } = await asUser("POST", "/feed/viewed", { items: [{ notificationId: 1 }, {}] });
    expect(status).toBe(400);
    expect(Object.keys(body.error.details)).toEqual(["items.0.notificationId", "items.1.notificationId"]);
    expect(await unread()).toEqual({ count: 2 });
  });
});

describe("the unread count", () => {
  it("is of every item that wasn't viewed", async () => {
    expect(await unread()).toEqual({ count: 2 });
    await asUser("POST", `/feed/${id}/viewed`, { channelKey: "inbox" });
    expect(await unread()).toEqual({ count: 1 });
    await asUser("POST", `/feed/${id}/clicked`);
    expect(await unread()).toEqual({ count: 0 });
  });

  it("is zero after read-all, which says how many it read and counts them", async () => {
    const second = await sendTo(uid);
    await asUser("POST", `/feed/${id}/viewed`, { channelKey: "inbox" });
    expect((await asUser("POST", "/feed/read-all")).body).toEqual({ viewed: 3 });
    expect((await asUser("POST", "/feed/read-all")).body).toEqual({ viewed: 0 });
    expect(await unread()).toEqual({ count: 0 });
    await expectCounts(id, [1, 1], [0, 0]);
    await expectCounts(second, [1, 1], [0, 0]);
  });

  it("of another user is left alone by read-all", async () => {
    const other = `${uid}-other`;
    await sendTo(other);
    await asUser("POST", "/feed/read-all");
    expect((await (await app.asUser(other))("GET", "/feed/unread-count")).body).toEqual({ count: 2 });
  });
});

describe("a notification that the user doesn't have", () => {
  it.each(["viewed", "clicked"])("can't be %s", async (kind) => {
    const others = await sendTo("somebody-else");
    for (const path of [others, "01900000-0000-7000-8000-000000000000", "nothing", "__proto__"]) {
      const { status, body } = await asUser("POST", `/feed/${path}/${kind}`);
      expect([status, body.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
    }
    for (const channelKey of ["mobile-push", "nothing", "constructor"]) {
      expect((await asUser("POST", `/feed/${id}/${kind}`, { channelKey })).status).toBe(404);
    }
    expect((await asUser("POST", `/feed/${id}/${kind}`, { channelKey: 7 })).status).toBe(400);
    await expectCounts(others, [0, 0], [0, 0]);
    expect(await unread()).toEqual({ count: 2 });
  });
});

it("counts the views of a batch's users together", async () => {
  const targets = Array.from({ length: 20 }, (_, index) => `batch-${index}`);
  const send = { template: { key: "order-confirmation" }, targets, mode: "batch" };
  const { notificationId } = (await app.send(send)).body;
  await waitUntilCompleted(app, notificationId);
  for (const target of targets.slice(0, 5)) {
    await (await app.asUser(target))("POST", `/feed/${notificationId}/viewed`, { channelKey: "inbox" });
  }
  for (const target of targets) await reportNow(target);
  await expectCounts(notificationId, [0, 5], [0, 0]);
});
