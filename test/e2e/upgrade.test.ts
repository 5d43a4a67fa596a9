import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import type { StoredFacts } from "../upgrade/facts.ts";

const API = "/v3/business-messaging/api";
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

    const call = async (method: string, path: string, headers: Record<string, string>, body?: object) => {
      const response = await fetch(worker.url + path, {
        method,
        headers: { ...headers, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
      return /^[{[]/.test(text) ? JSON.parse(text) : text;
    };
    const api = (method: string, path: string, body?: object) =>
      call(method, API + path, { appid: "old", apikey: facts.apiKey }, body);
    const admin = (path: string) => call("GET", path, { authorization: `Bearer ${worker.adminToken}` });
    const until = async (path: string, isRight: (answer: Answer) => boolean) => {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const answer = await api("GET", path);
        if (isRight(answer)) return answer;
        assert.ok(Date.now() < deadline, `${path} stays ${JSON.stringify(answer)}`);
        await delay(50);
      }
    };
    const untilCompleted = (id: string) =>
      until(`/notifications/${id}`, ({ state }) => state === "completed");

    test("has its admin token, its app, its key, channels and templates", async () => {
      assert.equal(worker.adminToken, facts.adminToken);
      const app = await admin("/admin/apps/old");
      assert.deepEqual([app.name, app.foldsUserIds], ["Made by an earlier version", false]);
      const template = await api("GET", "/templates/order");
      assert.deepEqual([template.version, template.approvedVersion, template.placeholders], [2, 1, "double"]);
      assert.equal((await api("GET", "/channels")).data.length, 2);
    });

    test("keeps user ids that differ in case apart", async () => {
      for (const uid of ["Upgraded", "upgraded"]) {
        assert.equal((await api("POST", "/users", { uid })).uid, uid);
        assert.equal((await api("GET", `/users/${uid}`)).uid, uid);
      }
    });

    test("has the counts of all that was sent", async () => {
      for (const [id, delivered, failed] of [
        [facts.realtime, 1, {}],
        [facts.batch, facts.others.length - 1, { missing_variables: 1 }],
        [facts.file, facts.rows.length, {}],
      ] as const) {
        const { state, counts } = await api("GET", `/notifications/${id}`);
        const inApp = counts["in-app-alerts"];
        assert.deepEqual(
          [state, inApp.delivered, inApp.failed, inApp.pending],
          ["completed", delivered, failed, 0],
        );
      }
      const list = await api("GET", "/notifications?tag=several");
      assert.deepEqual(
        list.data.map(({ id }: Answer) => id),
        [facts.batch],
      );
    });

    test("completes the batch that was under way", async () => {
      const { counts } = await untilCompleted(facts.inFlight);
      const { total, delivered, failed } = counts["in-app-alerts"];
      // A month after the state was made the rest has expired.
      assert.equal(total, facts.targets);
      assert.equal(delivered + (failed.expired ?? 0), total);
    });

    test("says by which key was sent, and of what comes after by its id and name too", async () => {
      const key = `****${facts.apiKey.slice(-4)}`;
      const before = { type: "api_key", key, keyId: null, name: null, via: null };
      assert.deepEqual((await api("GET", `/notifications/${facts.realtime}`)).sentBy, before);
      assert.deepEqual((await api("GET", `/notifications/${facts.batch}`)).sentBy, before);
      const [{ id: keyId, name }] = (await admin("/admin/apps/old/keys")).data;
      // What manages asks for the key itself: its copy is of that version, and has no name.
      await api("GET", "/audit-log?limit=1");
      const { notificationId } = await api("POST", "/notifications/send", {
        template: { key: "order", variables: { name: "again" } },
        targets: ["sent-to-after-the-upgrade"],
        mode: "realtime",
      });
      const { sentBy } = await api("GET", `/notifications/${notificationId}`);
      assert.deepEqual(sentBy, { type: "api_key", key, keyId, name, via: "api" });
    });

    test("has its feeds, with what was viewed", async () => {
      const { authToken } = await api("POST", `/users/${facts.jane}/auth_tokens`, {});
      const { data } = await call("GET", `${API}/feed`, { authorization: `Bearer ${authToken}` });
      assert.deepEqual(
        data.map(({ notificationId, content }: Answer) => [notificationId, content]),
        [[facts.realtime, { text: "Hello Jane" }]],
      );
      assert.ok(data[0].viewedAt !== null && data[0].clickedAt !== null);
    });

    test("has the delivery log, and a failure that can be retried", async () => {
      const csv = await api("GET", `/notifications/${facts.batch}/deliveries.csv`);
      assert.equal(csv.trim().split("\n").length, 1 + 2 * facts.others.length);
      await api("POST", `/notifications/${facts.batch}/retry`, {});
      const { counts } = await untilCompleted(facts.batch);
      assert.deepEqual(counts["in-app-alerts"].failed, { missing_variables: 1 });
    });

    test("has analytics of what was delivered, viewed and clicked then", async () => {
      // The shards of that time fill them in when they next have something to do, at the latest at their daily turn.
      await api("POST", "/notifications/send", {
        template: { key: "order", variables: { name: "again" } },
        targets: [facts.jane],
        mode: "realtime",
      });
      const isFilled = ([inApp]: Answer) =>
        inApp.viewed === 1 && inApp.clicked === 1 && inApp.delivered === 1;
      await until(`/analytics/notifications/${facts.realtime}`, isFilled);
      const { counts } = await until(
        `/notifications/${facts.realtime}`,
        ({ counts }) => counts["in-app-alerts"].viewed === 1,
      );
      assert.equal(counts["in-app-alerts"].clicked, 1);
      const [inApp] = await api("GET", `/analytics/tags/single?from=${FROM}&to=${FROM_WEEK_END}`);
      assert.deepEqual([inApp.delivered, inApp.viewed, inApp.clicked], [1, 1, 1]);
    });

    test("has counts that equal the shards' own rows", async () => {
      for (const id of [facts.realtime, facts.batch, facts.file, facts.inFlight]) {
        assert.equal((await admin(`/admin/apps/old/audit/${id}`)).isEqual, true, id);
      }
    });

    test("takes a new send with the old template", async () => {
      const { notificationId } = await api("POST", "/notifications/send", {
        template: { key: "order", variables: { name: "again" } },
        targets: ["new-user"],
        mode: "realtime",
      });
      const { counts } = await untilCompleted(notificationId);
      assert.equal(counts["in-app-alerts"].delivered, 1);
    });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field, by the test itself
type Answer = any;
