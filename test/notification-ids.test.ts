import { describe, expect, it } from "vitest";
import { newNotificationId, parseNotificationId } from "../src/model/ids.ts";

describe("a notification's id", () => {
  it.each([
    ["of a realtime send", 5, 3],
    ["of a batch", undefined, 255],
  ])("%s sorts behind those that were made before it, in the same millisecond too", (_, shard, slot) => {
    const ids = Array.from({ length: 20_000 }, () => newNotificationId(shard, slot));
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of [ids[0], ids.at(-1)]) {
      expect(parseNotificationId(id ?? "")).toMatchObject({ shard: shard ?? null, slot });
    }
  });
});
