import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { firstIdAt } from "../../src/model/ids.ts";
import { succeed } from "../../src/model/outcome.ts";
import { ClaimStore } from "../../src/objects/user-shard/claim-store.ts";
import { CountedSql } from "../support/counted-sql.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { openRetention } from "../support/retention.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

let lastShard = 0;
const newShard = () => env.USER_SHARD.getByName(`retention:${++lastShard}`);

/** An id of that time, the `index`th. */
const idAt = (timeMs: number, index: number): string =>
  `${firstIdAt(timeMs).slice(0, -12)}${index.toString(16).padStart(12, "0")}`;

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** A notification of each of these days, so long ago, to each user. */
function fill(sql: SqlStorage, users: number, days: readonly number[], now: number): void {
  for (const day of days) {
    const id = idAt(now - day * DAY_MS - HOUR_MS, day);
    sql.exec(
      "INSERT INTO notifications (id, header, totals, version, reported_version) VALUES (?, '{}', '[]', 1, 1)",
      id,
    );
    sql.exec(
      `INSERT INTO deliveries (user_id, notification_id, channel_key, channel_type, status, attempt)
       SELECT 'user-' || value, ?, 'in-app', 'in_app', 'delivered', 1 FROM json_each(?)`,
      id,
      JSON.stringify(range(0, users)),
    );
  }
}

describe("retention", () => {
  it("removes what is older than 90 days, slice by slice, and nothing else", async () => {
    const stub = newShard();
    const now = Date.now();
    await runInDurableObject(stub, (_, { storage }) => {
      storage.transactionSync(() => fill(storage.sql, 600, [...range(0, 10), ...range(90, 100)], now));
      storage.sql.exec("INSERT INTO due (kind, id, at) VALUES ('retention', '', 1)");
    });
    expect(await rowsIn(stub, "notifications")).toBe(20);
    let turns = 0;
    while ((await rowsIn(stub, `due WHERE kind = 'retention' AND at <= ${Date.now()}`)) > 0) {
      await wake(stub, "retention");
      turns++;
    }
    expect(turns).toBeGreaterThan(2);
    expect(await rowsIn(stub, "notifications")).toBe(10);
    expect(await rowsIn(stub, "deliveries")).toBe(10 * 600);
    expect(await rowsIn(stub, `deliveries WHERE notification_id < '${firstIdAt(now - 90 * DAY_MS)}'`)).toBe(
      0,
    );
    expect(await rowsIn(stub, `due WHERE kind = 'retention' AND at > ${now + DAY_MS - 60_000}`)).toBe(1);
  });

  it("reads what it removes and a row a user, however many rows stay", async () => {
    const stub = newShard();
    const now = Date.now();
    const costs = await runInDurableObject(stub, (_, { storage }) => {
      storage.transactionSync(() => fill(storage.sql, 500, range(0, 60), now));
      const counted = new CountedSql(storage.sql);
      const retention = openRetention(storage, counted.sql);
      const run = (before: number) => {
        let turns = 1;
        while (retention.deleteExpired(firstIdAt(now - before * DAY_MS))) turns++;
        return { turns, ...counted.take() };
      };
      return { nothing: run(90), one: run(59), again: run(59) };
    });
    expect(costs.nothing).toMatchObject({ turns: 1, written: 0 });
    expect(costs.nothing.read).toBeLessThanOrEqual(1);
    // 500 deliveries and their notification are removed, of 30,000.
    expect(costs.one.written).toBe(501);
    expect(costs.one.read).toBeLessThan(5_000);
    expect(costs.again.read).toBeLessThanOrEqual(1);
  });

  it("removes pushes that nobody ended, of every channel", async () => {
    const stub = newShard();
    const now = Date.now();
    const left = await runInDurableObject(stub, (_, { storage }) => {
      const { sql } = storage;
      fill(sql, 1, range(0, 95), now);
      for (const channel of ["a-push", "b-push"]) {
        for (const day of [1, 91, 94]) {
          sql.exec(
            `INSERT INTO pushes (channel_key, notification_id, user_id, attempt, due_at, wake_at, expires_at, content)
             VALUES (?, ?, 'user-0', 1, 1, 1, 1, '{}')`,
            channel,
            idAt(now - day * DAY_MS, day),
          );
        }
      }
      const retention = openRetention(storage);
      while (retention.deleteExpired(firstIdAt(now - 90 * DAY_MS)));
      return sql.exec("SELECT channel_key FROM pushes ORDER BY channel_key").toArray();
    });
    expect(left).toEqual([{ channel_key: "a-push" }, { channel_key: "b-push" }]);
  });
});

describe("claims", () => {
  const claimAt = (claims: ClaimStore, key: string, now: number) =>
    claims.claim({ key, requestHash: "hash", notificationId: `n-${key}`, header: "{}" }, now);

  it("count for 24 hours, whatever slots those touch", async () => {
    await runInDurableObject(newShard(), (_, { storage }) => {
      const claims = new ClaimStore(storage.sql);
      for (let hour = 0; hour < 24; hour++) {
        const madeAt = 1_000 * DAY_MS + hour * HOUR_MS + 1;
        const key = `hour-${hour}`;
        expect(claimAt(claims, key, madeAt)).toEqual(succeed(null));
        claims.finish(key, `n-${key}`, "answer", madeAt + 13 * HOUR_MS);
        expect(claims.look(key, "hash", madeAt + DAY_MS - 1)).toEqual(
          succeed({ answer: "answer", resumed: null }),
        );
        expect(claims.look(key, "hash", madeAt + DAY_MS)).toEqual(succeed({ answer: null, resumed: null }));
        expect(claimAt(claims, key, madeAt + DAY_MS)).toEqual(succeed(null));
        expect(claims.look(key, "hash", madeAt + DAY_MS)).toMatchObject({
          code: "ERR_CONFLICT",
          retryAfterSeconds: 1,
        });
        // Who looked before this call ran and stopped doesn't take it over: it would send under another id.
        const stopped = `stopped-${hour}`;
        claimAt(claims, stopped, madeAt);
        claims.release(stopped, `n-${stopped}`, madeAt);
        expect(claimAt(claims, stopped, madeAt)).toMatchObject({ code: "ERR_CONFLICT" });
        claims.release(key, `n-${key}`, madeAt + DAY_MS + HOUR_MS);
        expect(claims.look(key, "hash", madeAt + DAY_MS + 1)).toEqual(
          succeed({ answer: null, resumed: "{}" }),
        );
      }
    });
  });

  it("are removed in slices that read what they remove, and cost nothing before", async () => {
    const start = 1_000 * DAY_MS;
    const result = await runInDurableObject(newShard(), (_, { storage }) => {
      const counted = new CountedSql(storage.sql);
      const claims = new ClaimStore(counted.sql);
      storage.transactionSync(() => {
        for (let index = 0; index < 6000; index++) claimAt(claims, `key-${index}`, start + index * 10_000);
      });
      counted.take();
      const early = { next: claims.deleteExpired(start + DAY_MS), ...counted.take() };
      const turns = [];
      for (;;) {
        const next = claims.deleteExpired(start + DAY_MS + 6 * HOUR_MS);
        turns.push({ ...next, ...counted.take() });
        if (!next.hasMore) break;
      }
      return { early, turns, left: storage.sql.exec("SELECT COUNT(*) AS count FROM claims").one().count };
    });
    // The first slot ends six hours after its beginning, its claims a day later.
    expect(result.early.next).toEqual({ hasMore: false, at: start + DAY_MS + 6 * HOUR_MS });
    expect(result.early.read).toBeLessThanOrEqual(6);
    expect(result.turns).toHaveLength(3);
    for (const { read } of result.turns) expect(read).toBeLessThanOrEqual(5_100);
    expect(result.left).toBe(6000 - 6 * 360);
  });

  it("of every second wake their shard once in six hours, not once each", async () => {
    const stub = newShard();
    await stub.claim({ key: "new", requestHash: "x", notificationId: "n", header: "{}" });
    const now = Date.now();
    await runInDurableObject(stub, (_, { storage }) => {
      const claims = new ClaimStore(storage.sql);
      for (let second = 0; second < 100; second++) {
        claimAt(claims, `old-${second}`, now - 31 * HOUR_MS + second * 1000);
      }
    });
    await wake(stub, "claims");
    expect(await rowsIn(stub, "claims WHERE key <> 'new'")).toBe(0);
    const due = await runInDurableObject(stub, (_, { storage }) =>
      storage.sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = 'claims'").one(),
    );
    expect(due.at).toBeGreaterThan(now + DAY_MS);
  });
});
