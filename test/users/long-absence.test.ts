import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { FeedFilter, FeedItem, FeedPosition } from "../../src/model/feed.ts";
import { newNotificationId } from "../../src/model/ids.ts";
import { LOOK_SEGMENTS } from "../../src/model/limits.ts";
import type { NotificationHeader } from "../../src/model/notification.ts";
import { requireValue } from "../../src/model/outcome.ts";
import { SegmentWriter, writeLine } from "../../src/model/segment.ts";
import { type FeedCaller, getShardStub } from "../../src/objects/user-shard/contract.ts";
import { createApp, type TestApp } from "../support/api.ts";
import { abort, rowsIn } from "../support/objects.ts";

const CHANNELS = [
  { key: "inbox", type: "in_app" },
  { key: "news", type: "in_app" },
];
const CONTENT = { inbox: { text: "{{n}}" }, news: { text: "{{n}}" } };
const TEMPLATE = { content: CONTENT, variableSchema: { n: { type: "string" } } };
/** Two looks' worth, and some. */
const SENT = 2 * LOOK_SEGMENTS + 30;
const EVERYBODY = ["mia", "leo", "ann", "bob"];

let app: TestApp;
let ids: string[];

const stub = () => getShardStub(env, app.id, 0);
const shard = () => env.USER_SHARD.getByName(`${app.id}:0`);
const callerOf = (userId: string): FeedCaller => ({ userId, issuedAt: Date.now() + 60_000 });

function headerOf(id: string): NotificationHeader {
  const now = Date.now();
  return {
    ...{ id, mode: "batch", templateKey: "t", templateId: "t1", templateVersion: 1, title: null, tag: null },
    ...{ priority: "low", channels: CHANNELS, total: EVERYBODY.length, duplicates: 0, createdAt: now },
    ...{ expiresAt: now + 3_600_000, sentFrom: "key1", fileAudience: null },
  };
}

/** A batch to everybody, a number for its text. */
async function send(id: string, text: string): Promise<void> {
  const writer = new SegmentWriter();
  for (const userId of EVERYBODY) writer.add(writeLine(userId, [text]));
  const outcomes = CHANNELS.map(({ key }) => ({
    channelKey: key,
    status: "delivered" as const,
    reason: null,
  }));
  const request = { header: headerOf(id), expected: EVERYBODY.length, part: "0.0", outcomes, pushData: null };
  await stub().deliverSegment({ ...request, targets: writer.finish(), template: TEMPLATE as never });
}

const rowsOf = (userId: string) => rowsIn(shard(), `deliveries WHERE user_id = '${userId}'`);

/** The items of a feed, page by page, and how many rows there were after the first. */
async function readPages(
  userId: string,
  limit: number,
): Promise<{ texts: string[]; rowsAfterFirst: number }> {
  const texts: string[] = [];
  let rowsAfterFirst = 0;
  let before: FeedPosition | null = null;
  for (;;) {
    const filter: FeedFilter = { before, unread: false, tag: null, limit };
    const items: FeedItem[] = requireValue(await stub().listFeed(callerOf(userId), filter));
    if (before === null) rowsAfterFirst = await rowsOf(userId);
    texts.push(
      ...items.map(({ content, channelKey }) => `${(content as { text: string }).text} ${channelKey}`),
    );
    const last = items.at(-1);
    if (last === undefined || items.length < limit) return { texts, rowsAfterFirst };
    before = { notificationId: last.notificationId, channelKey: last.channelKey };
  }
}

beforeAll(async () => {
  app = await createApp();
  ids = Array.from({ length: SENT }, () => newNotificationId()).sort();
  // Batches of a low priority come late: not in the order of their ids.
  const order = ids.map((id, index) => ({ id, index, at: (index * 37) % SENT })).sort((a, b) => a.at - b.at);
  for (const { id, index } of order) await send(id, String(index));
});

/** Newest first, as a feed has them. */
const expectedTexts = () => ids.flatMap((_, index) => [`${index} inbox`, `${index} news`]).reverse();

describe(`a first look after ${SENT} batches`, () => {
  it("brings in the newest, as many as a transaction may, and the rest as later pages need it", async () => {
    const { texts, rowsAfterFirst } = await readPages("mia", 15);
    expect(rowsAfterFirst).toBe(CHANNELS.length * LOOK_SEGMENTS);
    expect(texts).toEqual(expectedTexts());
    expect(await rowsOf("mia")).toBe(CHANNELS.length * SENT);
  });

  it("counts all of them, in transactions of so many", async () => {
    const sizes: number[] = [];
    await runInDurableObject(shard(), (instance) => {
      const { arrivals } = (
        instance as unknown as { stores: { arrivals: { bringIn(id: string): unknown[] } } }
      ).stores;
      const { bringIn } = arrivals;
      arrivals.bringIn = (id) => {
        const brought = bringIn.call(arrivals, id);
        sizes.push(brought.length);
        return brought;
      };
    });
    expect(requireValue(await stub().countUnread(callerOf("leo")))).toBe(CHANNELS.length * SENT);
    expect(sizes).toEqual([LOOK_SEGMENTS, LOOK_SEGMENTS, 30].map((hits) => hits * CHANNELS.length));
    expect(requireValue(await stub().markAllViewed(callerOf("leo")))).toBe(CHANNELS.length * SENT);
    expect(requireValue(await stub().countUnread(callerOf("leo")))).toBe(0);
  });

  it("goes on where it was when the object has died, with what came meanwhile", async () => {
    const [oldest = "", second = ""] = ids;
    const first = { before: null, unread: false, tag: null, limit: 10 };
    expect(requireValue(await stub().listFeed(callerOf("ann"), first))).toHaveLength(10);
    await abort(shard());
    // What isn't brought in yet can be marked all the same.
    expect((await stub().markFeedItem(callerOf("ann"), oldest, "inbox", "viewed")).ok).toBe(true);
    expect(await rowsOf("ann")).toBe(CHANNELS.length * (LOOK_SEGMENTS + 1));
    expect((await stub().markFeedItem(callerOf("ann"), newNotificationId(), null, "viewed")).ok).toBe(false);
    await send(newNotificationId(), "newest");
    const [item] = requireValue(await stub().listFeed(callerOf("ann"), first));
    expect(item?.content).toEqual({ text: "newest" });
    expect(await rowsOf("ann")).toBeLessThan(CHANNELS.length * SENT);
    const unread = { before: { notificationId: second, channelKey: "" }, unread: true, tag: null, limit: 10 };
    const left = requireValue(await stub().listFeed(callerOf("ann"), unread));
    expect(left.map(({ notificationId, channelKey }) => [notificationId, channelKey])).toEqual([
      [oldest, "news"],
    ]);
    expect(requireValue(await stub().countUnread(callerOf("ann")))).toBe(CHANNELS.length * (SENT + 1) - 1);
    const { summary } = await stub().readUserHistory("bob", null, 5);
    expect(summary.delivered).toBe(CHANNELS.length * (SENT + 1));
  });
});
