import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DeliverRequest, ShardNotification } from "../../src/model/delivery.ts";
import type { FeedItem } from "../../src/model/feed.ts";
import { firstIdAt } from "../../src/model/ids.ts";
import { MAX_HEADER_PARTS } from "../../src/model/limits.ts";
import type { NotificationHeader } from "../../src/model/notification.ts";
import { type Outcome, requireValue } from "../../src/model/outcome.ts";
import { HEADER_PERIOD_MS, HeaderStore } from "../../src/objects/user-shard/header-store.ts";
import { sendOf } from "../support/realtime-sends.ts";
import { openRetention } from "../support/retention.ts";

const ACTOR = { type: "key", key: "****", keyId: "key" } as const;

interface OwnShard {
  deliver(request: DeliverRequest): unknown;
  describe(id: string): ShardNotification | null;
  listFeed(caller: { userId: string; issuedAt: number }, filter: object): Promise<Outcome<FeedItem[]>>;
  deleteUser(uid: string, actor: typeof ACTOR, uidHash: string): Promise<Outcome<null>>;
}

let lastShard = 0;
const within = <T>(work: (shard: OwnShard, storage: DurableObjectStorage) => T | Promise<T>): Promise<T> =>
  runInDurableObject(env.USER_SHARD.getByName(`headers:${++lastShard}`), (instance, { storage }) =>
    work(instance as unknown as OwnShard, storage),
  ) as Promise<T>;

const partsIn = ({ sql }: DurableObjectStorage): { id: number; part: string }[] =>
  sql.exec<{ id: number; part: string }>("SELECT id, part FROM header_parts ORDER BY id").toArray();
const headerAt = (timeMs: number, sentFrom: string): NotificationHeader => {
  const { header } = sendOf(3, 1, 20);
  const times = { createdAt: timeMs, expiresAt: timeMs + 1000 };
  return { ...header, id: firstIdAt(timeMs), ...times, sentFrom };
};
const insert = ({ sql }: DurableObjectStorage, headers: HeaderStore, header: NotificationHeader): void => {
  const packed = headers.pack(header);
  sql.exec(
    `INSERT INTO notifications (id, header, part, totals, version, reported_version) VALUES (?, ?, ?, '', 1, 1)`,
    header.id,
    packed.header,
    packed.part,
  );
};

describe("the header of a send to one", () => {
  it("is what it was, whatever it has: labels, times, webhooks", async () => {
    await within((_shard, { sql }) => {
      const headers = new HeaderStore(sql);
      const { header } = sendOf(3, 1, 20);
      const { webhookEvents: _, ...plain } = header;
      const batch: NotificationHeader = { ...plain, mode: "batch", priority: "low", total: 7 };
      for (const given of [
        header,
        plain,
        { ...plain, title: null, tag: null },
        { ...plain, createdAt: header.createdAt - 5, expiresAt: header.createdAt + 60_000 },
      ]) {
        const packed = headers.pack(given);
        expect(packed.part).not.toBeNull();
        expect(headers.unpack(given.id, packed)).toEqual(given);
      }
      expect(headers.pack(batch)).toEqual({ header: JSON.stringify(batch), part: null });
      expect(headers.unpack(batch.id, headers.pack(batch))).toEqual(batch);
    });
  });

  it("has a part that says nothing of its user, and is the same for all of its kind", async () => {
    await within((shard, storage) => {
      const sends = Array.from({ length: 60 }, (_, index) => sendOf(3, index, 20));
      for (const send of sends) shard.deliver(send);
      // 12 templates with 3 keys: 12, as both go round.
      const parts = partsIn(storage);
      expect(parts).toHaveLength(12);
      for (const { part } of parts) expect(part).not.toMatch(/user-|campaign-|Your order/);
      for (const { header } of sends) expect(shard.describe(header.id)?.header).toEqual(header);
    });
  });

  it("stands in its row, whole, where a period has as many parts as it may", async () => {
    await within((shard, storage) => {
      const first = Math.floor(Date.now() / HEADER_PERIOD_MS) * MAX_HEADER_PARTS;
      const last = first + MAX_HEADER_PARTS - 1;
      storage.sql.exec("INSERT INTO header_parts (id, part) VALUES (?, '{}')", last);
      const send = sendOf(3, 1, 20);
      shard.deliver(send);
      expect(partsIn(storage).map(({ id }) => id)).toEqual([last]);
      expect(shard.describe(send.header.id)?.header).toEqual(send.header);
    });
  });

  it("isn't mistaken for another's after a transaction that was undone", async () => {
    await within((shard, storage) => {
      const [first, second] = [sendOf(3, 1, 20), sendOf(3, 2, 20)];
      storage.sql.exec(
        `CREATE TRIGGER refuse BEFORE INSERT ON due BEGIN SELECT RAISE(ABORT, 'refused'); END`,
      );
      expect(() => shard.deliver(first)).toThrow("refused");
      storage.sql.exec("DROP TRIGGER refuse");
      expect(partsIn(storage)).toEqual([]);
      for (const send of [second, first]) shard.deliver(send);
      expect(partsIn(storage)).toHaveLength(2);
      for (const { header } of [first, second]) expect(shard.describe(header.id)?.header).toEqual(header);
    });
  });
});

describe("a send to one that an earlier version stored", () => {
  it("is read, counted, shown and blanked as any other", async () => {
    await within(async (shard, { sql }) => {
      const send = sendOf(3, 1, 20);
      const { header, target } = send;
      shard.deliver(send);
      const stored = shard.describe(header.id);
      sql.exec(
        "UPDATE notifications SET header = ?, part = NULL, totals = ?",
        JSON.stringify(header),
        JSON.stringify(stored?.totals),
      );
      sql.exec("DELETE FROM header_parts");
      expect(shard.describe(header.id)).toEqual(stored);
      const caller = { userId: target ?? "", issuedAt: Date.now() };
      const filter = { before: null, unread: false, tag: header.tag, limit: 10 };
      expect(requireValue(await shard.listFeed(caller, filter))).toMatchObject([
        { title: header.title, tag: header.tag },
      ]);
      const newer = sendOf(3, 1, 20);
      shard.deliver(newer);
      expect(requireValue(await shard.listFeed(caller, filter))).toHaveLength(2);
      await shard.deleteUser(target ?? "", ACTOR, "hash");
      for (const { id } of [header, newer.header]) {
        expect(shard.describe(id)?.header).toMatchObject({ id, title: null, tag: null, sentFrom: "key1" });
      }
      const texts = JSON.stringify(sql.exec("SELECT header FROM notifications").toArray());
      expect(texts).not.toMatch(/campaign|Payment/);
    });
  });
});

describe("parts of headers", () => {
  it("leave with the last notification of their 30 days, and not before", async () => {
    await within((_shard, storage) => {
      const headers = new HeaderStore(storage.sql);
      const retention = openRetention(storage, storage.sql, headers);
      const start = Math.floor(Date.now() / HEADER_PERIOD_MS) * HEADER_PERIOD_MS;
      const early = headerAt(start - 2 * HEADER_PERIOD_MS, "old1");
      const late = headerAt(start - HEADER_PERIOD_MS - 1, "old2");
      const next = headerAt(start - HEADER_PERIOD_MS, "new1");
      for (const header of [early, late, next]) insert(storage, headers, header);
      expect(partsIn(storage)).toHaveLength(3);
      const serve = (before: number) => {
        let turns = 1;
        while (retention.deleteExpired(firstIdAt(before))) turns++;
        return [turns, partsIn(storage).length];
      };
      expect(serve(start - HEADER_PERIOD_MS - 1)).toEqual([1, 3]);
      expect(headers.unpack(late.id, headers.pack(late))).toEqual(late);
      // The last of the period goes, and so do its parts.
      expect(serve(start - HEADER_PERIOD_MS)).toEqual([1, 1]);
      expect(headers.unpack(next.id, headers.pack(next))).toEqual(next);
      // Nobody sends any more: what is left goes, too.
      storage.sql.exec("DELETE FROM notifications");
      expect(serve(start)).toEqual([1, 0]);
    });
  });
});
