import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { newNotificationId } from "../../src/model/ids.ts";
import { blankLine, findLine, hashUserId, SegmentWriter, writeLine } from "../../src/model/segment.ts";
import type { SegmentLines } from "../../src/objects/user-shard/segment-lines.ts";
import type { SegmentStore } from "../../src/objects/user-shard/segment-store.ts";
import { createApp } from "../support/api.ts";

type Shard = { stores: { segments: SegmentStore; segmentLines: SegmentLines } };
type Target = [userId: string, value: string, isBlank: boolean];

let appId: string;
let next = 0;

/** Stores these targets as a segment of a shard that has no other, and reads each of the users' lines. */
async function readAll(targets: readonly Target[], users: readonly string[]) {
  const writer = new SegmentWriter();
  for (const [userId, value] of targets) writer.add(writeLine(userId, [value]));
  const segment = writer.finish();
  for (const [userId, , isBlank] of targets) {
    const place = isBlank ? findLine(segment, userId) : null;
    if (place !== null) segment.lines = blankLine(segment.lines, userId, place);
  }
  const id = newNotificationId();
  const shard = env.USER_SHARD.getByName(`${appId}:${next++}`);
  const read = await runInDurableObject(shard, (instance) => {
    const { segments, segmentLines } = (instance as unknown as Shard).stores;
    segments.insert(id, "0.0", { outcomes: [], targets: segment }, 1);
    return users.map((userId) => {
      const hash = hashUserId(userId);
      const ofAll = segmentLines.read(userId, segments.listHits(0, hash));
      expect(segmentLines.read(userId, segments.listHitsOf(id, hash))).toEqual(ofAll);
      return ofAll.map(({ line, notificationId }) => [notificationId, line]);
    });
  });
  const expected = users.map((userId) => {
    const place = findLine(segment, userId);
    return place === null ? [] : [[id, segment.lines.slice(place.start, place.end)]];
  });
  return { read, expected };
}

const piece = fc.constantFrom("a", "ü", "日", "🎉", '"', "\\", '\n["u1"', '["u1","x"]', "]", " ", "\u2028");
const text = (maxLength: number) => fc.array(piece, { maxLength }).map((pieces) => pieces.join(""));
const userId = fc.oneof(
  fc.constantFrom("u1", "u11", "ü", "🎉", 'q"uote', "\\", "["),
  text(4).filter((id) => id !== ""),
);
const value = fc.oneof(
  { weight: 6, arbitrary: text(12) },
  fc.constantFrom("x".repeat(1000), "x".repeat(2000), "日".repeat(400)),
);

beforeAll(async () => {
  appId = (await createApp()).id;
});

it("is the user's own, of whatever is written in it and in the others'", { timeout: 60_000 }, async () => {
  const targets = fc.uniqueArray(fc.tuple(userId, value, fc.boolean()), {
    minLength: 1,
    maxLength: 12,
    selector: ([id]) => id,
  });
  await fc.assert(
    fc.asyncProperty(targets, fc.array(userId, { maxLength: 3 }), async (all, strangers) => {
      const { read, expected } = await readAll(all, [...all.map(([id]) => id), ...strangers]);
      expect(read).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

it("isn't another's of the same hash", async () => {
  const known = new Map<number, string>();
  let pair: [string, string] | null = null;
  for (let index = 0; pair === null; index++) {
    const id = `user-${index}`;
    const other = known.get(hashUserId(id));
    if (other !== undefined) pair = [other, id];
    known.set(hashUserId(id), id);
  }
  const [one, two] = pair;
  for (const present of [[one], [two], [one, two], [two, one]]) {
    const targets = present.map((id): Target => [id, `of ${id}`, false]);
    const { read, expected } = await readAll(targets, pair);
    expect(read).toEqual(expected);
    expect(read.flat()).toHaveLength(present.length);
  }
});
