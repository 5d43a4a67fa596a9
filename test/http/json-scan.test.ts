import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findExceededBound } from "../../src/http/json-scan.ts";

const scan = (text: string, depth: number, values: number) =>
  findExceededBound(new TextEncoder().encode(text), { depth, values });

/** Levels and values of what was parsed. */
function measure(value: unknown): { depth: number; values: number } {
  if (typeof value !== "object" || value === null) return { depth: 0, values: 1 };
  const children = Object.values(value).map(measure);
  return {
    depth: 1 + Math.max(0, ...children.map(({ depth }) => depth)),
    values: 1 + children.reduce((sum, { values }) => sum + values, 0),
  };
}

describe("the bounds of JSON", () => {
  it("are counted as the parser would make it, with any spacing", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        const { depth, values } = measure(JSON.parse(text));
        expect(scan(text, depth, values)).toBeNull();
        expect(scan(text, depth, values - 1)).toBe("values");
        if (depth > 0) expect(scan(text, depth - 1, values)).toBe("depth");
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["[]", 1],
    ["[{},{}]", 3],
    ['{"a":1,"b":"x","c":[true,false,null]}', 7],
    ['"one, [two], {\\"three\\": 4}"', 1],
    ['"\\\\"', 1],
    ["[1e3,-2.5,0]", 4],
    [" [ 1 , 2 ] ", 3],
    ['"🦊é"', 1],
  ])("of %s: %i values", (text, values) => {
    expect(scan(text, 20, values)).toBeNull();
    expect(scan(text, 20, values - 1)).toBe("values");
  });

  it("can't be hidden in text that isn't JSON: what the parser makes before its first fault is counted", () => {
    expect(scan(`[${"{},".repeat(100)}${":".repeat(200)}`, 20, 50)).toBe("values");
    expect(scan(`${"[".repeat(30)}${"]".repeat(30)}`, 20, 1000)).toBe("depth");
    expect(scan('"never closed', 20, 1)).toBeNull();
    expect(scan('"\\', 20, 1)).toBeNull();
  });
});
