import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findChannel } from "../../src/channels/table.ts";
import { cutIntoParts, listOutcomes } from "../../src/delivering/segments.ts";
import type { DeliveryContext, RawTarget } from "../../src/delivering/target.ts";
import { MAX_RENDERED_BYTES, MAX_SEGMENT_LENGTH } from "../../src/model/limits.ts";
import {
  blankLine,
  findLine,
  listUsers,
  readLine,
  SegmentWriter,
  writeLine,
} from "../../src/model/segment.ts";
import { compileTemplate } from "../../src/templates/compile.ts";
import { renderContent, surelyFits } from "../../src/templates/render.ts";

const TEMPLATE = compileTemplate({
  content: { inbox: { text: "Hello {{name}}" }, phone: { title: "{{name}}" } },
  variableSchema: { name: { type: "string", required: true } },
});

function contextOf(isExpired = false): DeliveryContext {
  const [inApp, push] = [findChannel("in_app"), findChannel("push")];
  if (inApp === null || push === null) throw new Error("A channel's type is gone");
  return {
    template: TEMPLATE,
    channels: [
      { key: "inbox", type: "in_app" },
      { key: "phone", type: "push" },
      { key: "closed", type: "in_app" },
    ],
    enabled: new Map([
      ["inbox", { channel: inApp, hasAccount: true }],
      ["phone", { channel: push, hasAccount: true }],
    ]),
    isExpired,
  };
}

const nobody = new Map([["push", new Set<string>()]]);
const partsOf = (targets: readonly RawTarget[], owners: readonly string[] = []) => [
  ...cutIntoParts(contextOf(), 7, targets, new Map([["push", new Set(owners)]]), true),
];

describe("a run's parts", () => {
  it("have everybody, in their order; rows are for who doesn't get the outcome of all", () => {
    const targets: RawTarget[] = [
      ["mia", ["Mia"]],
      ["noname", [null]],
      ["owner", ["Olga"]],
      ["large", ["x".repeat(MAX_RENDERED_BYTES)]],
      ["bare", null],
    ];
    const [part, ...others] = partsOf(targets, ["owner"]);
    expect(others).toEqual([]);
    expect(part?.part).toBe("7.0");
    expect(part === undefined ? [] : listUsers(part.targets)).toEqual(targets.map(([userId]) => userId));
    expect(part?.exceptions.map(([userId]) => userId)).toEqual(["noname", "owner", "large"]);
    expect(listOutcomes(contextOf())).toEqual([
      { channelKey: "inbox", status: "delivered", reason: null },
      { channelKey: "phone", status: "skipped", reason: "no_device" },
      { channelKey: "closed", status: "skipped", reason: "channel_disabled" },
    ]);
  });

  it("of a send that has expired have everybody", () => {
    const context = contextOf(true);
    const [part] = cutIntoParts(context, 0, [["noname", [null]]], nobody, false);
    expect([part?.targets.count, part?.exceptions]).toEqual([1, []]);
    expect(new Set(listOutcomes(context).map(({ reason }) => reason))).toEqual(new Set(["expired"]));
  });

  it("of one that has expired have rows for everybody where each failure is told", () => {
    const [part, ...others] = cutIntoParts(contextOf(true), 0, [["mia", ["Mia"]]], nobody, true);
    expect([part?.part, part?.targets.count, part?.exceptions.length, others]).toEqual(["0.0", 1, 1, []]);
  });

  it("have a target that is no segment's size alone in one", () => {
    const parts = partsOf([
      ["a", ["x"]],
      ["huge", ["x".repeat(MAX_SEGMENT_LENGTH)]],
      ["b", ["x"]],
    ]);
    expect(parts.map(({ targets }) => listUsers(targets))).toEqual([["a"], ["huge"], ["b"]]);
    expect(parts.flatMap(({ exceptions }) => exceptions.map(([userId]) => userId))).toEqual(["huge"]);
  });

  it("are cut in the same places whoever has a device then", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: Math.floor(MAX_SEGMENT_LENGTH / 3) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.boolean()), (lengths, owns) => {
        const targets = lengths.map((length, index): RawTarget => [`user-${index}`, ["x".repeat(length)]]);
        const owners = targets.map(([userId]) => userId).filter(() => owns.next().value === true);
        const usersOf = (owning: readonly string[]) =>
          partsOf(targets, owning).map(({ part, targets: own }) => [part, listUsers(own)]);
        expect(usersOf(owners)).toEqual(usersOf([]));
      }),
      { numRuns: 50 },
    );
  });
});

describe("a segment's targets", () => {
  const userIds = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 12 }), {
    maxLength: 40,
  });

  it("are found by their ids alone, with what they were given", () => {
    fc.assert(
      fc.property(userIds, fc.string({ unit: "binary" }), userIds, (ids, text, others) => {
        const writer = new SegmentWriter();
        for (const [index, id] of ids.entries()) writer.add(writeLine(id, [index, text, null]));
        const targets = writer.finish();
        for (const [index, id] of ids.entries()) {
          const place = findLine(targets, id);
          const line = targets.lines.slice(place?.start, place?.end);
          expect(readLine(line, null)).toEqual({
            userId: id,
            values: [index, JSON.parse(JSON.stringify(text)), null],
          });
        }
        for (const other of others.filter((id) => !ids.includes(id)))
          expect(findLine(targets, other)).toBeNull();
      }),
    );
  });

  it("stay where they are when one of them is blanked", () => {
    fc.assert(
      fc.property(
        userIds.filter(({ length }) => length > 1),
        (ids) => {
          const writer = new SegmentWriter();
          for (const id of ids) writer.add(writeLine(id, ["a secret"]));
          const targets = writer.finish();
          const [gone = "", ...left] = ids;
          const place = findLine(targets, gone);
          if (place === null) throw new Error("A target isn't found");
          const lines = blankLine(targets.lines, gone, place);
          expect(lines).toHaveLength(targets.lines.length);
          expect(findLine({ ...targets, lines }, gone)).toEqual(place);
          expect(readLine(lines.slice(place.start, place.end), null)).toEqual({ userId: gone, values: null });
          for (const id of left) {
            expect(findLine({ ...targets, lines }, id)).toEqual(findLine(targets, id));
          }
        },
      ),
    );
  });
});

it("what surely fits can be rendered", () => {
  const text = fc.string({ unit: "binary", maxLength: 400 }).map((part) => part.repeat(60));
  const { contents } = compileTemplate({
    content: { inbox: { a: "{{name}}", b: "é{{name}} {{photo}}", c: "{{photo}}", d: "{{photo.width}}" } },
    variableSchema: { name: { type: "string", required: true }, photo: { type: "image", required: false } },
  });
  const content = contents.get("inbox");
  if (content === undefined) throw new Error("No content");
  let fitting = 0;
  fc.assert(
    fc.property(text, text, (name, url) => {
      const values = [
        name.toWellFormed(),
        { url: `u${url.toWellFormed()}`, width: 1.5e300, height: -1.1e-300 },
      ];
      if (!surelyFits(content, values)) return;
      fitting++;
      expect(renderContent(content, values)).not.toBeNull();
    }),
  );
  expect(fitting).toBeGreaterThan(0);
});
