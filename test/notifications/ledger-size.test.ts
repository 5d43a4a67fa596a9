import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { emptyTotals, type Totals } from "../../src/model/counts.ts";
import { newNotificationId, timeOfId } from "../../src/model/ids.ts";
import type { NotificationHeader } from "../../src/model/notification.ts";
import type { ShardReport } from "../../src/model/report.ts";
import { decodeTotals, encodeTotals } from "../../src/model/totals-code.ts";
import type {
  NotificationFilter,
  NotificationPage,
  NotificationRecord,
} from "../../src/objects/ledger/contract.ts";
import { SENT_CHANNELS, SENT_TITLES } from "../support/realtime-sends.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

interface OwnLedger {
  report(shard: number, reports: ShardReport[]): Promise<string[]>;
  get(id: string): NotificationRecord | null;
  list(filter: object): NotificationPage;
  forgetUser(userId: string, ids: string[]): void;
}

/** As an app sends them: some templates and keys, dozens of tags, each title its own. */
function headerOf(id: string, index: number): NotificationHeader {
  const createdAt = timeOfId(id);
  return {
    id,
    mode: "realtime",
    templateKey: `order-update-${index % 12}`,
    templateVersion: 3,
    priority: null,
    templateId: `01a1fd76-d57a-7012-aa0a-7d2df0e14c${10 + (index % 12)}`,
    channels: SENT_CHANNELS,
    total: 1,
    title: `${SENT_TITLES[index % 5]} ${(index * 7919).toString(36)} (${index})`,
    tag: `campaign-${index % 40}`,
    duplicates: 0,
    createdAt,
    expiresAt: createdAt + DAY_MS,
    sentFrom: `key${index % 3}`,
    fileAudience: null,
  };
}

function deliveredAt(timeMs: number): Totals {
  const [inApp, push] = emptyTotals(SENT_CHANNELS);
  if (inApp === undefined || push === undefined) throw new Error("unreachable");
  return [
    { ...inApp, delivered: 1, hours: [[Math.floor(timeMs / HOUR_MS), 1, 0, 0]] },
    { ...push, skipped: [["no_device", 1]] },
  ];
}

function reportOf(header: NotificationHeader, totals: Totals, version = 1): ShardReport {
  return { notificationId: header.id, version, totals, attempt: 1, waiting: 0, header };
}

const within = <T>(name: string, work: (ledger: OwnLedger, sql: SqlStorage) => T | Promise<T>): Promise<T> =>
  runInDurableObject(env.LEDGER.getByName(name), (instance, { storage }) =>
    work(instance as unknown as OwnLedger, storage.sql),
  ) as Promise<T>;

const ANY: NotificationFilter = {
  tag: null,
  templateKey: null,
  mode: null,
  state: null,
  hasFailures: null,
  fromId: null,
  beforeId: null,
  limit: 20,
};
const today = new Date().toISOString().slice(0, 10);

describe("a realtime send to one", () => {
  it("costs its ledger at most 150 bytes, all indexes and a view included", async () => {
    const bytes = await within(`size-app:${today}`, async (ledger, sql) => {
      const before = sql.databaseSize;
      const count = 20_000;
      for (let start = 0; start < count; start += 500) {
        const shard = (start / 500) % 64;
        const headers = Array.from({ length: 500 }, (_, index) =>
          headerOf(newNotificationId(shard, 0), start + index),
        );
        await ledger.report(
          shard,
          headers.map((header) => reportOf(header, deliveredAt(header.createdAt))),
        );
        // Every fifth is viewed, an hour later.
        const viewed = headers.filter((_, index) => index % 5 === 0);
        await ledger.report(
          shard,
          viewed.map((header) => {
            const totals = deliveredAt(header.createdAt);
            const [inApp] = totals;
            const hour = Math.floor(header.createdAt / HOUR_MS);
            if (inApp !== undefined)
              Object.assign(inApp, {
                viewed: 1,
                hours: [
                  [hour, 1, 0, 0],
                  [hour + 1, 0, 1, 0],
                ],
              });
            return { ...reportOf(header, totals, 2), header: null };
          }),
        );
      }
      return (sql.databaseSize - before) / count;
    });
    console.log(`${bytes.toFixed(1)} bytes a realtime send in its ledger`);
    expect(bytes).toBeLessThanOrEqual(150);
  }, 120_000);

  it("is read, listed, reported on, retried and forgotten as any other", async () => {
    await within(`small-app:${today}`, async (ledger, sql) => {
      const headers = Array.from({ length: 60 }, (_, index) => headerOf(newNotificationId(3, 0), index));
      await ledger.report(
        3,
        headers.map((header) => reportOf(header, deliveredAt(header.createdAt))),
      );
      expect(sql.exec("SELECT 1 FROM notifications").toArray()).toEqual([]);
      const [first] = headers;
      if (first === undefined) throw new Error("unreachable");
      const known = ledger.get(first.id);
      expect(known?.header).toEqual(first);
      expect(known?.totals).toEqual(deliveredAt(first.createdAt));
      expect(known).toMatchObject({ attempt: 1, completedAt: expect.any(Number) });
      // What comes late or twice changes nothing.
      await ledger.report(3, [reportOf(first, emptyTotals(SENT_CHANNELS), 1)]);
      expect(ledger.get(first.id)?.totals).toEqual(deliveredAt(first.createdAt));
      const idsBy = (fits: (header: NotificationHeader) => boolean) =>
        headers
          .filter(fits)
          .map(({ id }) => id)
          .sort()
          .reverse();
      const list = (filter: object) => ledger.list({ ...ANY, limit: 100, ...filter });
      const idsOf = ({ records }: NotificationPage) => records.map(({ header }) => header.id);
      expect(idsOf(list({}))).toEqual(idsBy(() => true));
      expect(idsOf(list({ tag: "campaign-3" }))).toEqual(idsBy(({ tag }) => tag === "campaign-3"));
      expect(idsOf(list({ templateKey: "order-update-5" }))).toEqual(
        idsBy(({ templateKey }) => templateKey === "order-update-5"),
      );
      expect(idsOf(list({ tag: "campaign-3", templateKey: "order-update-3", mode: "realtime" }))).toEqual(
        idsBy(({ tag, templateKey }) => tag === "campaign-3" && templateKey === "order-update-3"),
      );
      expect(list({ mode: "batch" })).toEqual({ records: [], endedAt: null });
      const [newest = "", second = ""] = idsBy(() => true);
      expect(idsOf(list({ beforeId: newest, limit: 1 }))).toEqual([second]);
      expect(idsOf(list({ fromId: second }))).toEqual([newest, second]);
      ledger.forgetUser("ann", [first.id]);
      expect(ledger.get(first.id)?.header).toEqual({ ...first, title: null, tag: null });
      expect(sql.exec("SELECT 1 FROM names WHERE name = ?", "campaign-0").toArray()).toHaveLength(1);
      ledger.forgetUser(
        "ann",
        headers.map(({ id }) => id),
      );
      expect(sql.exec("SELECT 1 FROM names WHERE kind = 'tag'").toArray()).toEqual([]);
      expect(idsOf(list({ tag: "campaign-3" }))).toEqual([]);
      expect(idsOf(list({}))).toEqual(idsBy(() => true));
    });
  });

  it("that an earlier version stored is read and listed on, and takes its reports", async () => {
    await within(`old-app:${today}`, async (ledger, sql) => {
      const headers = Array.from({ length: 30 }, (_, index) => headerOf(newNotificationId(3, 0), index));
      for (const header of headers) {
        sql.exec(
          "INSERT INTO notifications (id, header, template_key, tag, mode, completed_at) VALUES (?, ?, ?, ?, ?, ?)",
          header.id,
          JSON.stringify(header),
          header.templateKey,
          header.tag,
          header.mode,
          header.createdAt,
        );
        sql.exec(
          "INSERT INTO shard_reports (notification_id, shard, expected, accepted, version, totals) VALUES (?, 3, 1, 1, 1, ?)",
          header.id,
          JSON.stringify(deliveredAt(header.createdAt)),
        );
      }
      const last =
        headers
          .map(({ id }) => id)
          .sort()
          .at(-1) ?? "";
      sql.exec("INSERT INTO unlisted (until_id) VALUES (?)", last);
      const newer = headerOf(newNotificationId(3, 0), 3);
      await ledger.report(3, [reportOf(newer, deliveredAt(newer.createdAt))]);
      const [first] = headers;
      if (first === undefined) throw new Error("unreachable");
      await ledger.report(3, [{ ...reportOf(first, deliveredAt(first.createdAt), 2), header: null }]);
      expect(ledger.get(first.id)).toMatchObject({ header: first, attempt: 1 });
      const tagged = headers.filter(({ tag }) => tag === "campaign-3").map(({ id }) => id);
      const { records, endedAt } = ledger.list({ ...ANY, tag: "campaign-3" });
      expect(records.map(({ header }) => header.id)).toEqual([newer.id, ...tagged].sort().reverse());
      expect(endedAt).toBeNull();
      expect(ledger.list({ ...ANY, limit: 100 }).records).toHaveLength(31);
    });
  });
});

describe("totals in a few letters", () => {
  const header = headerOf(newNotificationId(3, 0), 1);
  const hour = Math.floor(header.createdAt / HOUR_MS);
  const [inApp, push] = emptyTotals(SENT_CHANNELS);
  it.each<[string, string, Totals]>([
    ["delivered at once", "d|s0", deliveredAt(header.createdAt)],
    ["nothing yet", "|", emptyTotals(SENT_CHANNELS)],
    ["pending", "|p", [inApp, { ...push, pending: 1 }] as Totals],
    ["cancelled", "|x", [inApp, { ...push, cancelled: 1 }] as Totals],
    ["failed", "|f3", [inApp, { ...push, failed: [["provider_unavailable", 1]] }] as Totals],
    [
      "viewed and clicked later",
      "dvc.0-d.2-v.1e-c|",
      [
        {
          ...inApp,
          delivered: 1,
          viewed: 1,
          clicked: 1,
          hours: [
            [hour, 1, 0, 0],
            [hour + 2, 0, 1, 0],
            [hour + 50, 0, 0, 1],
          ],
        },
        push,
      ] as Totals,
    ],
  ])("%s is %s, and back", (_, code, totals) => {
    expect(encodeTotals(header, totals)).toBe(code);
    expect(decodeTotals(header, code)).toEqual(totals);
  });

  it.each<[string, Totals]>([
    ["two of one status", [{ ...inApp, delivered: 2 }, push] as Totals],
    ["an unknown reason", [{ ...inApp, failed: [["later", 1]] }, push] as Totals],
    ["delivered without an hour", [{ ...inApp, delivered: 1 }, push] as Totals],
  ])("%s stays as it is", (_, totals) => {
    expect(decodeTotals(header, encodeTotals(header, totals))).toEqual(totals);
  });
});
