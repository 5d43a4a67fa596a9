import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanJson } from "../../src/http/json-scan.ts";

const scan = (text: string, depth: number, values: number) =>
  scanJson(new TextEncoder().encode(text), { depth, values }).exceeded;

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

describe("numbers whose digits a double may not keep", () => {
  const hasLongNumbers = (text: string) =>
    scanJson(new TextEncoder().encode(text), { depth: 20, values: 100 }).hasLongNumbers;

  it.each([
    "1.10",
    "12345678901234567890",
    "-1234567890123456",
    "1e3",
    "1E3",
    "0.5",
    "-0",
    "[1,2.0]",
    '{"a":1.5}',
  ])("are seen in %s", (text) => expect(hasLongNumbers(text)).toBe(true));

  it.each([
    "1",
    "-1",
    "0",
    "123456789012345",
    '"1.10"',
    '{"1.10":1}',
    "[true,false,null]",
    '"\\"1.5"',
    "-10",
  ])("aren't in %s", (text) => expect(hasLongNumbers(text)).toBe(false));

  it("are all that come out otherwise than they went in", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt(), (double, large) => {
        for (const text of [JSON.stringify(double), String(large)]) {
          if (String(JSON.parse(text)) !== text) expect(hasLongNumbers(`[${text}]`)).toBe(true);
        }
      }),
    );
  });
});
