import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { FeedFilter, FeedItem, FeedPosition } from "../../src/model/feed.ts";
import { newNotificationId } from "../../src/model/ids.ts";
import { LOOK_SEGMENTS, VIEW_ROWS } from "../../src/model/limits.ts";
import type { NotificationHeader } from "../../src/model/notification.ts";
import { requireValue } from "../../src/model/outcome.ts";
import { SegmentWriter, writeLine } from "../../src/model/segment.ts";
import { type FeedCaller, getShardStub } from "../../src/objects/user-shard/contract.ts";
import { createApp, type TestApp } from "../support/api.ts";
import { abort, rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";

const CHANNELS = [
  { key: "inbox", type: "in_app" },
  { key: "news", type: "in_app" },
];
const CONTENT = { inbox: { text: "{{n}}" }, news: { text: "{{n}}" } };
const TEMPLATE = { content: CONTENT, variableSchema: { n: { type: "string" } } };
/** Two looks' worth, and some. */
const SENT = 2 * LOOK_SEGMENTS + 30;
const EVERYBODY = ["mia", "leo", "ann", "bob", "zoe", "ian"];

let app: TestApp;
let ids: string[];

const stub = () => getShardStub(env, app.id, 0);
const shard = () => env.USER_SHARD.getByName(`${app.id}:0`);
const callerOf = (userId: string): FeedCaller => ({ userId, issuedAt: Date.now() + 60_000 });

function headerOf(id: string): NotificationHeader {
  const now = Date.now();
  return {
    id,
    mode: "batch",
    templateKey: "t",
    templateId: "t1",
    templateVersion: 1,
    title: null,
    tag: null,
    priority: "low",
    channels: CHANNELS,
    total: EVERYBODY.length,
    duplicates: 0,
    createdAt: now,
    expiresAt: now + 3_600_000,
    sentFrom: "key1",
    fileAudience: null,
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

/** Views of all notifications, as they are counted. */
async function countViews(): Promise<number> {
  const counted = await Promise.all(ids.map((id) => stub().describe(id)));
  const totals = counted.flatMap((notification) => notification?.totals ?? []);
  return totals.reduce((sum, { viewed }) => sum + viewed, 0);
}

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
  });

  it("can be marked viewed, in transactions of so many, while more arrives", async () => {
    const sizes: number[] = [];
    await runInDurableObject(shard(), (instance) => {
      const { feed } = (
        instance as unknown as { stores: { feed: { markSomeViewed(...given: unknown[]): unknown[] } } }
      ).stores;
      const { markSomeViewed } = feed;
      feed.markSomeViewed = (...given) => {
        const marked = markSomeViewed.apply(feed, given);
        sizes.push(marked.length);
        return marked;
      };
    });
    const before = await countViews();
    const late = [newNotificationId(), newNotificationId()];
    const [viewed] = await Promise.all([
      stub().markAllViewed(callerOf("zoe")).then(requireValue),
      ...late.map((id) => send(id, "late")),
    ]);
    ids.push(...late);
    expect(Math.max(...sizes)).toBe(VIEW_ROWS);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(viewed);
    expect(viewed).toBeGreaterThanOrEqual(CHANNELS.length * SENT);
    const unread = requireValue(await stub().countUnread(callerOf("zoe")));
    expect(viewed + unread).toBe(CHANNELS.length * ids.length);
    expect(await countViews()).toBe(before + viewed);
    expect(requireValue(await stub().markAllViewed(callerOf("zoe")))).toBe(unread);
    expect(requireValue(await stub().countUnread(callerOf("zoe")))).toBe(0);
    expect(await countViews()).toBe(before + CHANNELS.length * ids.length);
  });

  it("is marked by reading each item a few times, not once for each slice", async () => {
    await stub().listFeed(callerOf("bob"), { before: null, unread: true, tag: null, limit: 1 });
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const undo = await runInDurableObject(shard(), (instance) => {
      const { feed } = (
        instance as unknown as { stores: { feed: { markSomeViewed(...given: unknown[]): unknown[] } } }
      ).stores;
      const { markSomeViewed } = feed;
      feed.markSomeViewed = (...given) => {
        const { sql } = (instance as unknown as { ctx: DurableObjectState }).ctx.storage;
        const prototype: SqlStorage = Object.getPrototypeOf(sql);
        const { exec } = prototype;
        prototype.exec = function counted<T extends Record<string, SqlStorageValue>>(
          this: SqlStorage,
          query: string,
          ...values: unknown[]
        ): SqlStorageCursor<T> {
          const cursor = exec.call(this, query, ...values) as unknown as SqlStorageCursor<T>;
          if (query.startsWith("SELECT") && query.includes("viewed_at IS NULL")) cursors.push(cursor);
          return cursor;
        };
        try {
          return markSomeViewed.apply(feed, given);
        } finally {
          prototype.exec = exec;
        }
      };
      return () => {
        feed.markSomeViewed = markSomeViewed;
      };
    });
    const viewed = requireValue(await stub().markAllViewed(callerOf("bob")));
    undo();
    expect(viewed).toBe(CHANNELS.length * ids.length);
    expect(cursors.length).toBeGreaterThan(viewed / VIEW_ROWS);
    expect(cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0)).toBeLessThan(2.5 * viewed);
  });

  it("is counted once where the object dies while it is marked", async () => {
    const before = await countViews();
    const first = await stub().listFeed(callerOf("ian"), { before: null, unread: true, tag: null, limit: 1 });
    expect(requireValue(first)).toHaveLength(1);
    const marking = stub()
      .markAllViewed(callerOf("ian"))
      .catch(() => null);
    await vi.waitFor(async () => expect(await countViews()).toBeGreaterThan(before), PATIENTLY);
    await abort(shard());
    await marking;
    await stub().markAllViewed(callerOf("ian"));
    expect(requireValue(await stub().countUnread(callerOf("ian")))).toBe(0);
    expect(await countViews()).toBe(before + CHANNELS.length * ids.length);
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
    expect(requireValue(await stub().countUnread(callerOf("ann")))).toBe(
      CHANNELS.length * (ids.length + 1) - 1,
    );
    const { summary } = await stub().readUserHistory("bob", null, 5);
    expect(summary.delivered).toBe(CHANNELS.length * (ids.length + 1));
  });
});
