import { describe, expect, it } from "vitest";
import { isUserId } from "../../src/http/validation.ts";
import { canonicalUserId, isPlainUserId, UserIds } from "../../src/model/user-ids.ts";

const FOLDS = { foldsUserIds: true };

describe("an app's rule of user ids", () => {
  it.each([
    ["Jane", "jane"],
    ["JOSÉ", "josé"],
    // Of any language: nothing depends on where it runs.
    ["Istanbul", "istanbul"],
    ["İstanbul", "i̇stanbul"],
    ["STRAẞE", "straße"],
    ["straße", "straße"],
    ["ΟΔΥΣΣΕΥΣ", "οδυσσευς"],
    ["Σ", "σ"],
    ["ǅ", "ǆ"],
    ["\u212a", "k"],
    ["jane😀", "jane😀"],
    ["__PROTO__", "__proto__"],
  ])("takes %s for %s", (sent, stored) => {
    expect(canonicalUserId(FOLDS, sent)).toBe(stored);
    expect(canonicalUserId({ foldsUserIds: false }, sent)).toBe(sent);
  });

  it("gives what it gave once more, for every character, alone, at the end of a word and inside one", () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      for (const sent of [character, `A${character}`, `A${character}B`]) {
        const stored = canonicalUserId(FOLDS, sent);
        if (canonicalUserId(FOLDS, stored) !== stored) throw new Error(`U+${code.toString(16)} isn't stable`);
      }
    }
  });

  it("knows how a call spelt an id last", () => {
    const userIds = new UserIds(FOLDS);
    expect(["JANE", "Jane", "bob"].map((sent) => userIds.read(sent))).toEqual(["jane", "jane", "bob"]);
    expect(userIds.sentAs("jane")).toBe("Jane");
    expect(userIds.sentAs("bob")).toBe("bob");
    userIds.read("jane");
    expect(userIds.sentAs("jane")).toBe("jane");
  });
});

describe("an id that is judged by its bytes", () => {
  const encoder = new TextEncoder();
  const isPlain = (foldsUserIds: boolean, id: string): boolean => {
    const bytes = encoder.encode(`,${id},`);
    return isPlainUserId({ foldsUserIds }, bytes, 1, bytes.length - 1);
  };

  it.each([false, true])(
    "is one, is stored as it was sent, and JSON writes it as it is (folded: %s)",
    (foldsUserIds) => {
      for (let code = 0; code <= 0x17f; code++) {
        const character = String.fromCodePoint(code);
        for (const id of [character, `a${character}`, `${character}a`, `a${character}a`]) {
          if (!isPlain(foldsUserIds, id)) continue;
          expect([isUserId(id), canonicalUserId({ foldsUserIds }, id), JSON.stringify(id)]).toEqual([
            true,
            id,
            `"${id}"`,
          ]);
        }
      }
    },
  );

  it("is what most are", () => {
    for (const id of [
      "user-1",
      "customer-000001@example.com",
      "a.b",
      "...",
      "x".repeat(255),
      "{uuid}",
      "~!#$%&'()*+,",
    ]) {
      expect([id, isPlain(false, id)]).toEqual([id, true]);
    }
    expect([isPlain(false, "Jane"), isPlain(true, "Jane"), isPlain(true, "jane")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it.each(["", ".", "..", " a", "a ", "a b", 'a"', "a\\b", "é", "a\u0000", "a\u007f", "x".repeat(256)])(
    "isn't %j",
    (id) => expect(isPlain(false, id)).toBe(false),
  );
});
