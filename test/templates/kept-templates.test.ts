import { describe, expect, it } from "vitest";
import { TtlCache } from "../../src/copies/cache.ts";
import { MAX_KEPT_TEXT } from "../../src/model/limits.ts";
import type { Json } from "../../src/model/template.ts";
import { weighSendable } from "../../src/templates/weight.ts";

const templateOf = (content: Json, variables = 0) => ({
  id: "1",
  key: "t",
  version: 1,
  channelKeys: ["c"],
  content: { c: content },
  variableSchema: Object.fromEntries(
    Array.from({ length: variables }, (_, index) => [
      `v${index}`,
      { type: "string" as const, required: false, default: "x".repeat(600) },
    ]),
  ),
});

describe("the templates that an isolate keeps", () => {
  it("are bounded by what they take: of those with a megabyte it keeps the newest few", () => {
    const kept = new TtlCache<object>({ ttlMs: 60_000, maxEntries: 1000, maxWeight: MAX_KEPT_TEXT });
    const template = templateOf("x".repeat(1024 * 1024));
    for (let index = 0; index < 100; index++) kept.set(`${index}`, template, weighSendable(template));
    const found = Array.from({ length: 100 }, (_, index) => kept.get(`${index}`) !== undefined);
    expect(found.filter(Boolean)).toHaveLength(2);
    expect(found.slice(98)).toEqual([true, true]);
    for (let index = 0; index < 2000; index++) kept.set(`small ${index}`, {}, 1);
    expect(kept.get("99")).toBeUndefined();
    expect(kept.get("small 1000")).toBeDefined();
    expect(kept.get("small 999")).toBeUndefined();
  });

  it("weigh more where they are made of small values, and with their variables' defaults", () => {
    const small = templateOf(Array.from({ length: 50_000 }, () => ({})));
    expect(weighSendable(small)).toBeGreaterThan(50_000 * 28);
    expect(weighSendable(templateOf("x", 100))).toBeGreaterThan(60_000);
  });
});
