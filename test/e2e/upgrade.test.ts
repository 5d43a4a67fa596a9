import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import {
  type ChannelSeries,
  type Notification,
  Onecall,
  type OnecallOptions,
} from "../../src/client/index.ts";
import type { StoredFacts } from "../upgrade/facts.ts";

const STATES = fileURLToPath(new URL("../upgrade/", import.meta.url));
/** The longest there is: the states are years old one day. */
const RETENTION = { RETENTION_DAYS: "3660" };
/** A day before the oldest state was made. */
const FROM = "2026-11-25";
const FROM_WEEK_END = "2026-12-02";

// Made by test/upgrade/make-state.ts: before analytics, pushes and webhooks there were, and with all of them.
for (const commit of ["332271a", "0acbc14"]) {
  describe(`the state of ${commit}`, () => {
    const facts: StoredFacts = JSON.parse(readFileSync(join(STATES, `${commit}.json`), "utf8"));
    const folder = mkdtempSync(join(tmpdir(), "onecall-upgrade-"));
    let worker: LocalWorker;

    before(async () => {
      execFileSync("tar", ["-xzf", join(STATES, `${commit}.tgz`), "-C", folder]);
      worker = await startLocalWorker({ persistTo: folder, variables: RETENTION });
    });
    after(async () => {
      await worker?.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    });

    const clientOf = (options: OnecallOptions) => new Onecall({ url: worker.url, ...options });
    const app = () => clientOf({ apiKey: facts.apiKey, headers: { appid: "old" } });
    const admin = () => clientOf({ adminToken: worker.adminToken }).admin;
    const until = async <T>(read: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> => {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const answer = await read();
        if (isRight(answer)) return answer;
        assert.ok(Date.now() < deadline, `It stays ${JSON.stringify(answer)}`);
        await delay(50);
      }
    };
    /** The counts of the in-app channel, once the notification is completed. */
    const countsOf = async (id: string) =>
      inAppOf(
        await until(
          () => app().notifications.get(id),
          ({ state }) => state === "completed",
        ),
      );
    const sendTo = (to: string) => app().notifications.send("order", { name: "again" }, { to });

    test("has its admin token, its app, its key, channels and templates", async () => {
      assert.equal(worker.adminToken, facts.adminToken);
      const { name, foldsUserIds } = await admin().app("old");
      assert.deepEqual([name, foldsUserIds], ["Made by an earlier version", false]);
      const template = await app().templates.get("order");
      assert.deepEqual([template.version, template.approvedVersion, template.placeholders], [2, 1, "double"]);
      assert.equal((await app().channels.list().page()).data.length, 2);
    });

    test("keeps user ids that differ in case apart", async () => {
      for (const uid of ["Upgraded", "upgraded"]) {
        assert.equal((await app().users.create({ uid })).uid, uid);
        assert.equal((await app().users.get(uid)).uid, uid);
      }
    });

    test("has the counts of all that was sent", async () => {
      for (const [id, delivered, failed] of [
        [facts.realtime, 1, {}],
        [facts.batch, facts.others.length - 1, { missing_variables: 1 }],
        [facts.file, facts.rows.length, {}],
      ] as const) {
        const notification = await app().notifications.get(id);
        const inApp = inAppOf(notification);
        assert.deepEqual(
          [notification.state, inApp.delivered, inApp.failed, inApp.pending],
          ["completed", delivered, failed, 0],
        );
      }
      const { data } = await app().notifications.list({ tag: "several" }).page();
      assert.deepEqual(
        data.map(({ id }) => id),
        [facts.batch],
      );
    });

    test("completes the batch that was under way", async () => {
      const { total, delivered, failed } = await countsOf(facts.inFlight);
      // A month after the state was made the rest has expired.
      assert.equal(total, facts.targets);
      assert.equal(delivered + (failed.expired ?? 0), total);
    });

    test("says by which key was sent, and of what comes after by its id and name too", async () => {
      const key = `****${facts.apiKey.slice(-4)}`;
      const before = { type: "api_key", key, keyId: null, name: null, via: null };
      assert.deepEqual((await app().notifications.get(facts.realtime)).sentBy, before);
      assert.deepEqual((await app().notifications.get(facts.batch)).sentBy, before);
      const [stored] = (await admin().keys("old").page()).data;
      // What manages asks for the key itself: its copy is of that version, and has no name.
      await app().auditLog.list({ limit: 1 }).page();
      const { notificationId } = await sendTo("sent-to-after-the-upgrade");
      const { sentBy } = await app().notifications.get(notificationId);
      assert.deepEqual(sentBy, { type: "api_key", key, keyId: stored?.id, name: stored?.name, via: "api" });
    });

    test("has its feeds, with what was viewed", async () => {
      const { authToken } = await app().users.createToken(facts.jane);
      const { data } = await clientOf({ userToken: authToken }).feed.list().page();
      assert.deepEqual(
        data.map(({ notificationId, content }) => [notificationId, content]),
        [[facts.realtime, { text: "Hello Jane" }]],
      );
      assert.ok(data.every(({ viewedAt, clickedAt }) => viewedAt !== null && clickedAt !== null));
    });

    test("has the delivery log, and a failure that can be retried", async () => {
      const csv = await app().notifications.exportDeliveries(facts.batch);
      assert.equal(csv.trim().split("\n").length, 1 + 2 * facts.others.length);
      await app().notifications.retry(facts.batch);
      assert.deepEqual((await countsOf(facts.batch)).failed, { missing_variables: 1 });
    });

    test("has analytics of what was delivered, viewed and clicked then", async () => {
      // The shards of that time fill them in when they next have something to do, at the latest at their daily turn.
      await sendTo(facts.jane);
      const shownOf = ([inApp]: readonly ChannelSeries[]) => [
        inApp?.delivered,
        inApp?.viewed,
        inApp?.clicked,
      ];
      await until(
        () => app().analytics.notification(facts.realtime),
        (series) => shownOf(series).every((count) => count === 1),
      );
      const notification = await until(
        () => app().notifications.get(facts.realtime),
        (read) => inAppOf(read).viewed === 1,
      );
      assert.equal(inAppOf(notification).clicked, 1);
      const series = await app().analytics.tag("single", { from: FROM, to: FROM_WEEK_END });
      assert.deepEqual(shownOf(series), [1, 1, 1]);
    });

    test("has counts that equal the shards' own rows", async () => {
      for (const id of [facts.realtime, facts.batch, facts.file, facts.inFlight]) {
        assert.equal((await admin().checkCounts("old", id)).isEqual, true, id);
      }
    });

    test("takes a new send with the old template", async () => {
      const { notificationId } = await sendTo("new-user");
      assert.equal((await countsOf(notificationId)).delivered, 1);
    });
  });
}

function inAppOf({ counts }: Notification) {
  const inApp = counts["in-app-alerts"];
  assert.ok(inApp !== undefined);
  return inApp;
}
