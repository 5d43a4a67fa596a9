import { describe, expect, it } from "vitest";
import { recipientOf, Suspects } from "../../src/channels/dispatch/suspects.ts";
import { PUSH } from "../../src/channels/push/channel.ts";
import type { StoredAddress } from "../../src/model/address.ts";

const deviceAt = (endpoint: string): StoredAddress => ({
  key: "k",
  version: "v",
  scope: new URL(endpoint).origin,
  address: { provider: "webpush", endpoint, keys: { p256dh: "", auth: "" } },
});
const PROMPT = { status: 201, ms: 20, timeoutMs: 5000 };
const SILENT = { status: null, ms: 1500, timeoutMs: 1500 };
const mia = recipientOf(
  PUSH.address,
  { appId: "shop", userId: "mia" },
  deviceAt("https://push.example.com/mia"),
);
const leo = recipientOf(
  PUSH.address,
  { appId: "shop", userId: "leo" },
  deviceAt("https://push.example.com/leo"),
);
const elsewhere = recipientOf(
  PUSH.address,
  { appId: "shop", userId: "mia" },
  deviceAt("https://eu.example.com/mia"),
);

describe("a push service of a user's choice", () => {
  it("is in doubt until it answers, and again where it is too slow or silent", () => {
    const suspects = new Suspects();
    expect(suspects.getDoubt(leo, 0)).toBe(1);
    suspects.note(mia, PROMPT, 0);
    expect([mia, leo, elsewhere].map((whose) => suspects.getDoubt(whose, 0))).toEqual([0, 0, 1]);
    suspects.note(leo, { status: 201, ms: 3000, timeoutMs: 5000 }, 0);
    expect(suspects.getDoubt(mia, 0)).toBe(1);
  });

  it("that keeps silent makes all of its user's doubtful for a while, whatever one of them answers", () => {
    const suspects = new Suspects();
    suspects.note(mia, SILENT, 0);
    suspects.note(elsewhere, PROMPT, 0);
    expect([mia, elsewhere, leo].map((whose) => suspects.getDoubt(whose, 299_999))).toEqual([2, 2, 1]);
    expect(suspects.getDoubt(elsewhere, 300_000)).toBe(0);
  });

  it("isn't judged by a user whose services keep silent: once is enough", () => {
    const suspects = new Suspects();
    expect(suspects.note(mia, SILENT, 0)).toBe(true);
    suspects.note(leo, PROMPT, 0);
    expect(suspects.note(mia, SILENT, 0)).toBe(false);
    expect(suspects.getDoubt(leo, 0)).toBe(0);
  });

  it("is never a browser's own", () => {
    const suspects = new Suspects();
    const known = recipientOf(
      PUSH.address,
      { appId: "shop", userId: "mia" },
      deviceAt("https://web.push.apple.com/x"),
    );
    suspects.note(mia, SILENT, 0);
    expect(suspects.getDoubt(known, 0)).toBe(0);
  });
});
