import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { DeliverRequest } from "../../src/model/delivery.ts";
import { newNotificationId, parseNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { replaceIn, rowsIn, wake } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { shardOf, shardStubOf } from "../support/users.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const PLAIN = { variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } };

function requestAt(timeMs: number, shard: number, slot: number, uid: string): DeliverRequest {
  const hex = timeMs.toString(16).padStart(12, "0");
  const id = `${hex.slice(0, 8)}-${hex.slice(8)}${newNotificationId(shard, slot).slice(13)}`;
  return {
    header: {
      id,
      mode: "realtime",
      templateKey: "t",
      templateId: "t",
      templateVersion: 1,
      title: null,
      tag: null,
      priority: null,
      channels: [{ key: "in-app-alerts", type: "in_app" }],
      total: 1,
      duplicates: 0,
      createdAt: timeMs,
      expiresAt: timeMs + DAY_MS,
      sentFrom: "abcd",
      fileAudience: null,
    },
    expected: 1,
    pushData: null,
    target: uid,
    targetValues: null,
    slices: [
      {
        json: JSON.stringify([[uid, "in-app-alerts", "in_app", "delivered", null, "{}"]]),
        rows: 1,
        tallies: [["in-app-alerts", "delivered", null, 1]],
        outbox: null,
      },
    ],
  };
}

/** Stores `count` notifications of a time and slot in the user's shard, of which its ledgers know nothing. */
async function fill(app: TestApp, uid: string, timeMs: number, slot: number, count: number): Promise<void> {
  const shard = await shardOf(app, uid);
  await runInDurableObject(await shardStubOf(app, uid), (instance) => {
    const own = instance as unknown as { deliver(request: DeliverRequest): unknown };
    for (let index = 0; index < count; index++) own.deliver(requestAt(timeMs, shard, slot, uid));
  });
}

const UNREPORTED = "notifications WHERE version > reported_version";

describe.each<[string, number, number]>([
  ["an earlier day", DAY_MS, 0],
  ["the same day", 0, 9],
])("a ledger of %s that takes nothing", (_, ageMs, slot) => {
  it("holds up no other, however much waits for it, and gets all of it in the end", async () => {
    const app = await createReadyApp(PLAIN);
    const uid = "ann";
    const shard = await shardStubOf(app, uid);
    const timeMs = Math.max(Date.now() - ageMs, Date.parse(new Date().toISOString().slice(0, 10)) - ageMs);
    const stuckName = keys.ledger(app.id, new Date(timeMs).toISOString().slice(0, 10), slot);
    let refusals = 0;
    const undo = await replaceIn(shard, {
      LEDGER: {
        getByName: (name: string) => {
          if (name !== stuckName) return env.LEDGER.getByName(name);
          return {
            report: async () => {
              refusals++;
              throw new Error("database or disk is full: SQLITE_FULL");
            },
          };
        },
      } as never,
    });
    await fill(app, uid, timeMs, slot, 1200);
    const sent = await app.send({
      template: { key: "order-confirmation" },
      targets: [uid],
      mode: "realtime",
    });
    const id = sent.body.notificationId;
    const ledger = bindings.LEDGER.getByName(keys.ledger(app.id, parseNotificationId(id)?.day ?? ""));
    await vi.waitFor(async () => expect(await rowsIn(shard, UNREPORTED)).toBe(1200), PATIENTLY);
    const known = await runInDurableObject(ledger, (instance) =>
      (instance as unknown as { get(id: string): unknown }).get(id),
    );
    expect(known).not.toBeNull();
    expect(
      (await app.api("GET", "/notifications")).body.data.map((entry: { id: string }) => entry.id),
    ).toEqual([id]);
    // It isn't asked again for each of the others.
    expect(refusals).toBeLessThan(4);
    undo();
    await vi.waitFor(async () => {
      await wake(shard, "flush");
      expect(await rowsIn(shard, UNREPORTED)).toBe(0);
    }, PATIENTLY);
  });
});
