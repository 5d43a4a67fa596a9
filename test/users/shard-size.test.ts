import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DeliverRequest } from "../../src/model/delivery.ts";
import type { ClientEngagement } from "../../src/model/engagement.ts";
import { MAX_LEDGER_SLOTS, MAX_SHARD_COUNT } from "../../src/model/limits.ts";
import { FULL_SHARE, OBJECT_BYTES } from "../../src/objects/kit/room.ts";
import { countSql, type SqlCost } from "../support/counted-calls.ts";
import { sendOf } from "../support/realtime-sends.ts";

const SHARD = 3;
const SIZES = [2000, 8000] as const;
/** What an app may send: a thousand a second, all day, for as long as its deliveries are kept by default. */
const SENDS_A_DAY = 1000 * 24 * 60 * 60;
const RETENTION_DAYS = 90;
const ROOM = FULL_SHARE * OBJECT_BYTES;

interface OwnShard {
  deliver(request: DeliverRequest): unknown;
  recordEngagement(event: ClientEngagement): unknown;
  flush(): Promise<void>;
}
interface Sizes {
  shard: number;
  ledger: number;
}

/** Every fifth is viewed, and all is reported to its ledger. */
async function sendMany(shard: OwnShard, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += 500) {
    for (let index = start; index < Math.min(to, start + 500); index++) {
      const request = sendOf(SHARD, index, SIZES[1]);
      shard.deliver(request);
      if (index % 5 !== 0) continue;
      const notificationId = request.header.id;
      const viewed = { kind: "viewed", channelKey: null, channelType: "in_app" } as const;
      shard.recordEngagement({ userId: request.target ?? "", notificationId, ...viewed });
    }
    await shard.flush();
  }
}

/** Bytes of a shard and its ledger after so many sends, without those of the first. */
async function measure(app: string): Promise<Sizes[]> {
  const shard = env.USER_SHARD.getByName(`${app}:${SHARD}`);
  const ledger = env.LEDGER.getByName(`${app}:${new Date().toISOString().slice(0, 10)}`);
  const sendUpTo = async (from: number, to: number): Promise<Sizes> => {
    await runInDurableObject(shard, (instance) => sendMany(instance as unknown as OwnShard, from, to));
    return { shard: await sizeOf(shard), ledger: await sizeOf(ledger) };
  };
  const empty = await sendUpTo(0, 1);
  const sizes: Sizes[] = [];
  let sent = 1;
  for (const sends of SIZES) {
    const full = await sendUpTo(sent, sends);
    sent = sends;
    sizes.push({ shard: full.shard - empty.shard, ledger: full.ledger - empty.ledger });
  }
  return sizes;
}

const sizeOf = (stub: DurableObjectStub<undefined>): Promise<number> =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.databaseSize);

/** Bytes that a further send costs, by what those between the two sizes did, and of a send among the first. */
function perSend([small, large]: Sizes[], of: keyof Sizes): { first: number; further: number } {
  if (small === undefined || large === undefined) throw new Error("unreachable");
  return { first: small[of] / SIZES[0], further: (large[of] - small[of]) / (SIZES[1] - SIZES[0]) };
}

describe("a realtime send to one", () => {
  it("costs its shard at most 550 bytes, and what a thousand a second come to has room in all objects", async () => {
    const sizes = await measure("shard-size");
    const inShard = perSend(sizes, "shard");
    const inLedger = perSend(sizes, "ledger");
    console.log(
      `bytes of a realtime send: ${inShard.further} in its shard, ${inLedger.further} in its ledger`,
    );
    expect(inShard.further).toBeLessThanOrEqual(550);
    expect(inLedger.further).toBeLessThanOrEqual(150);
    // What is measured with thousands holds for millions: the sends after the first cost no more than these.
    expect(inShard.further).toBeLessThanOrEqual(inShard.first * 1.05);
    expect(inLedger.further).toBeLessThanOrEqual(inLedger.first * 1.05);
    const sendsOfLedger = SENDS_A_DAY / MAX_LEDGER_SLOTS;
    const sendsOfShard = (SENDS_A_DAY * RETENTION_DAYS) / MAX_SHARD_COUNT;
    expect(sendsOfLedger * inLedger.further).toBeLessThan(ROOM);
    expect(sendsOfShard * inShard.further).toBeLessThan(ROOM);
  }, 120_000);

  it("costs its shard three statements and four rows written, as many as before headers had parts", async () => {
    const costs = await runInDurableObject(
      env.USER_SHARD.getByName(`shard-cost:${SHARD}`),
      (instance, { storage }) => {
        const shard = instance as unknown as OwnShard;
        // Each of their headers' parts is known then, and remembered.
        for (let index = 0; index < 100; index++) shard.deliver(sendOf(SHARD, index, SIZES[0]));
        return Array.from({ length: 40 }, (_, index): SqlCost => {
          const request = sendOf(SHARD, 100 + index, SIZES[0]);
          return countSql(storage.sql, () => shard.deliver(request));
        });
      },
    );
    // Two deliveries, the notification, and the index of what isn't reported.
    expect(new Set(costs.map(({ written }) => written))).toEqual(new Set([4]));
    expect(new Set(costs.map(({ statements }) => statements))).toEqual(new Set([3]));
    expect(Math.max(...costs.map(({ read }) => read))).toBeLessThanOrEqual(3);
  });
});
