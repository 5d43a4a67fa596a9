import { describe, expect, it } from "vitest";
import { canonicalUserId, UserIds } from "../../src/model/user-ids.ts";

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
