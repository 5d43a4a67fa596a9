import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { newNotificationId } from "../../src/model/ids.ts";
import type { NotificationHeader } from "../../src/model/notification.ts";
import { requireValue } from "../../src/model/outcome.ts";
import { SegmentWriter, writeLine } from "../../src/model/segment.ts";
import type { FeedCaller } from "../../src/objects/user-shard/contract.ts";
import { getShardStub } from "../../src/objects/user-shard/contract.ts";
import type { TestApp } from "../support/api.ts";

const CHANNELS = [{ key: "inbox", type: "in_app" }] as const;
export const USERS = ["u0", "u1", "u2", "u3", "u4", 'q"uote', "line\u2028"];
const PARTS = [
  ["u0", "u1", "u2", 'q"uote'],
  ["u3", "u4", "line\u2028"],
];
const TEMPLATE = {
  content: { inbox: { text: "Hello {{name}}" } },
  variableSchema: { name: { type: "string", required: true } },
} as const;
const actor = { type: "system", id: "test" } as never;

/** A delivery as a plain list has it. */
interface Delivery {
  notification: number;
  userId: string;
  status: "delivered" | "failed" | "skipped";
  reason: string | null;
  text: string | null;
  isViewed: boolean;
  /** Of a user who was deleted since. */
  isGone: boolean;
}

/** The shard, and what it should be. */
export class Model {
  readonly deliveries: Delivery[] = [];
  readonly notifications: { header: NotificationHeader; done: Set<number>; failing: Set<string> }[] = [];
  /** By user: notifications before this number were another's. */
  readonly firstOf = new Map<string, number>();
  readonly secrets: string[] = [];
  readonly #app: TestApp;
  readonly #shard: number;

  constructor(app: TestApp, shard: number) {
    this.#app = app;
    this.#shard = shard;
  }

  get stub() {
    return getShardStub(env, this.#app.id, this.#shard);
  }

  get object() {
    return env.USER_SHARD.getByName(`${this.#app.id}:${this.#shard}`);
  }

  async evict(): Promise<void> {
    await this.stub.ensureAlarm();
    await evictDurableObject(this.object);
  }

  send(failing: readonly string[]): void {
    const id = newNotificationId();
    const now = Date.now();
    this.notifications.push({
      header: {
        id,
        mode: "batch",
        templateKey: "t",
        templateId: "t1",
        templateVersion: 1,
        title: null,
        tag: null,
        priority: "normal",
        channels: [...CHANNELS],
        total: USERS.length,
        duplicates: 0,
        createdAt: now,
        expiresAt: now + 3_600_000,
        sentFrom: "key1",
        fileAudience: null,
      },
      done: new Set(),
      failing: new Set(failing),
    });
  }

  textOf(notification: number, userId: string): string {
    return `secret-${notification}-of-${USERS.indexOf(userId)}.`;
  }

  /** `isCut`: the consumer dies between the exceptions and the rest. */
  async deliver(notification: number, part: number, isCut: boolean): Promise<void> {
    const { header, done, failing } = this.notifications[notification] ?? {};
    if (header === undefined || done === undefined || failing === undefined) return;
    const users = PARTS[part] ?? [];
    const exceptions = users.filter((userId) => failing.has(userId));
    const name = `0.${part}`;
    if (exceptions.length > 0) {
      const rows = exceptions.map((userId) => [
        userId,
        "inbox",
        "in_app",
        "failed",
        "missing_variables",
        null,
      ]);
      const tally = ["inbox", "failed", "missing_variables", rows.length] as const;
      const slice = { json: JSON.stringify(rows), rows: rows.length, tallies: [[...tally]], outbox: null };
      await this.stub.deliver({
        header,
        expected: USERS.length,
        part: name,
        pushData: null,
        target: null,
        slices: [slice as never],
      });
      if (!done.has(part)) for (const userId of exceptions) this.#add(notification, userId, "failed");
    }
    if (isCut) return;
    const writer = new SegmentWriter();
    for (const userId of users) {
      writer.add(writeLine(userId, [this.textOf(notification, userId)]));
    }
    const targets = writer.finish();
    const outcomes = [{ channelKey: "inbox", status: "delivered", reason: null } as const];
    const request = { header, expected: USERS.length, part: name, outcomes, targets, pushData: null };
    if ((await this.stub.deliverSegment({ ...request, template: null })) === "needs_template") {
      await this.stub.deliverSegment({ ...request, template: TEMPLATE as never });
    }
    if (!done.has(part)) for (const userId of users) this.#add(notification, userId, "delivered");
    done.add(part);
  }

  /** An earlier version's consumer has the part, too: it sends a row for each target, and no part. */
  async deliverRows(notification: number, part: number): Promise<void> {
    const { header, failing } = this.notifications[notification] ?? {};
    if (header === undefined || failing === undefined) return;
    const users = PARTS[part] ?? [];
    const isFailing = (userId: string) => failing.has(userId);
    const rows = users.map((userId) => {
      if (isFailing(userId)) return [userId, "inbox", "in_app", "failed", "missing_variables", null];
      const content = JSON.stringify({ text: `Hello ${this.textOf(notification, userId)}` });
      return [userId, "inbox", "in_app", "delivered", null, content];
    });
    const failed = users.filter(isFailing).length;
    const tallies = [
      ["inbox", "failed", "missing_variables", failed],
      ["inbox", "delivered", null, users.length - failed],
    ].filter(([, , , count]) => count !== 0);
    const slice = { json: JSON.stringify(rows), rows: rows.length, tallies, outbox: null };
    const request = {
      header,
      expected: USERS.length,
      pushData: null,
      target: null,
      slices: [slice as never],
    };
    await this.stub.deliver(request);
    for (const userId of users) this.#add(notification, userId, isFailing(userId) ? "failed" : "delivered");
  }

  #add(notification: number, userId: string, status: "delivered" | "failed"): void {
    if (this.deliveries.some((known) => known.notification === notification && known.userId === userId))
      return;
    const isGone = notification < (this.firstOf.get(userId) ?? 0);
    const outcome = isGone
      ? ({ status: "skipped", reason: "user_deleted", text: null } as const)
      : ({
          status,
          reason: status === "failed" ? "missing_variables" : null,
          text: status === "failed" ? null : this.textOf(notification, userId),
        } as const);
    this.deliveries.push({ notification, userId, isViewed: false, isGone, ...outcome });
  }

  async delete(userId: string): Promise<void> {
    await this.stub.deleteUser(userId, actor, "hash");
    const first = this.notifications.length;
    this.firstOf.set(userId, first);
    for (const delivery of this.deliveries) {
      if (delivery.userId === userId && delivery.notification < first) delivery.isGone = true;
    }
    for (let notification = 0; notification < first; notification++) {
      this.secrets.push(this.textOf(notification, userId));
    }
  }

  visible(userId: string): Delivery[] {
    return this.deliveries
      .filter((known) => known.userId === userId && known.status === "delivered" && !known.isGone)
      .sort((a, b) => b.notification - a.notification);
  }

  async view(notification: number, userId: string): Promise<void> {
    const { header } = this.notifications[notification] ?? {};
    if (header === undefined) return;
    const known = this.visible(userId).find((delivery) => delivery.notification === notification);
    const marked = await this.stub.markFeedItem(callerOf(userId), header.id, "inbox", "viewed");
    expect(marked.ok).toBe(known !== undefined);
    if (known !== undefined) known.isViewed = true;
  }

  async viewAll(userId: string): Promise<void> {
    const unread = this.visible(userId).filter(({ isViewed }) => !isViewed);
    expect(requireValue(await this.stub.markAllViewed(callerOf(userId)))).toBe(unread.length);
    for (const delivery of unread) delivery.isViewed = true;
  }

  /** An event that the app's server tells of somebody who never looked. */
  async engage(notification: number, userId: string): Promise<void> {
    const { header } = this.notifications[notification] ?? {};
    if (header === undefined) return;
    const known = this.visible(userId).find((delivery) => delivery.notification === notification);
    const outcome = await this.stub.recordEngagement({
      notificationId: header.id,
      userId,
      kind: "viewed",
      channelKey: null,
      channelType: "in_app",
    });
    expect(outcome.ok).toBe(known !== undefined);
    if (known !== undefined) known.isViewed = true;
  }

  async checkFeed(userId: string): Promise<void> {
    const visible = this.visible(userId);
    const unread = requireValue(await this.stub.countUnread(callerOf(userId)));
    expect(unread).toBe(visible.filter(({ isViewed }) => !isViewed).length);
    const filter = { before: null, unread: false, tag: null, limit: 100 };
    const items = requireValue(await this.stub.listFeed(callerOf(userId), filter));
    expect(items.map(({ content, viewedAt }) => [content, viewedAt !== null])).toEqual(
      visible.map(({ text, isViewed }) => [{ text: `Hello ${text}` }, isViewed]),
    );
  }

  async checkCounts(): Promise<void> {
    for (const [number, { header }] of this.notifications.entries()) {
      const known = this.deliveries.filter(({ notification }) => notification === number);
      const count = (status: string) => known.filter((delivery) => delivery.status === status).length;
      const totals = (await this.stub.describe(header.id))?.totals[0];
      expect(known.length === 0 ? 0 : totals?.delivered).toBe(count("delivered"));
      const sum = (list: readonly (readonly [string, number])[] = []) =>
        list.reduce((n, [, more]) => n + more, 0);
      expect([sum(totals?.failed), sum(totals?.skipped)]).toEqual([count("failed"), count("skipped")]);
      expect(totals?.viewed ?? 0).toBe(known.filter(({ isViewed }) => isViewed).length);
      expect(await this.#countAll(header.id)).toEqual({
        delivered: count("delivered"),
        failed: count("failed"),
        skipped: count("skipped"),
      });
      const log = await this.stub.listDeliveries(header.id, USERS);
      expect(
        log.deliveries
          .map(({ userId, status, reason, isUserGone }) => [userId, status, reason, isUserGone])
          .sort(),
      ).toEqual(known.map(({ userId, status, reason, isGone }) => [userId, status, reason, isGone]).sort());
    }
  }

  async #countAll(id: string): Promise<Record<string, number>> {
    const found: Record<string, number> = { delivered: 0, failed: 0, skipped: 0 };
    for (let after: string | null = ""; after !== null; ) {
      const page = await this.stub.countDeliveries(id, after);
      for (const { status, count } of page.counts) found[status] = (found[status] ?? 0) + count;
      after = page.afterUser;
    }
    return found;
  }

  /** No byte of what was sent to deleted users is in any table. */
  async checkErased(): Promise<void> {
    const dump = await runInDurableObject(this.object, async (_, { storage }) => {
      const tables = storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'",
        )
        .toArray();
      return tables
        .map(({ name }) => JSON.stringify(storage.sql.exec(`SELECT * FROM "${name}"`).toArray()))
        .join();
    });
    for (const secret of this.secrets) expect(dump).not.toContain(secret);
  }
}

const callerOf = (userId: string): FeedCaller => ({ userId, issuedAt: Date.now() + 60_000 });
