import { createECDH } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encryptWebPush } from "../../src/channels/push/web-push/encryption.ts";

/** RFC 8291, section 5 and appendix A. */
const EXAMPLE = {
  plaintext: "When I grow up, I want to be a watermelon",
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
  serverPrivate: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
  serverPublic: "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
  salt: "DGv6ra1nlYgDCS1FRnbzlw",
  message:
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w" +
    "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
};

const KEYS = { p256dh: EXAMPLE.p256dh, auth: EXAMPLE.auth };
const PLAINTEXT = new TextEncoder().encode(EXAMPLE.plaintext);

describe("Web Push encryption", () => {
  it("makes RFC 8291's example", () => {
    const keys = createECDH("prime256v1");
    keys.setPrivateKey(EXAMPLE.serverPrivate, "base64url");
    const ownPoint = keys.getPublicKey();
    expect(toText(ownPoint)).toBe(EXAMPLE.serverPublic);
    const salt = Buffer.from(EXAMPLE.salt, "base64url");
    const message = encryptWebPush(PLAINTEXT, KEYS, { keys, ownPoint, salt });
    expect(toText(message)).toBe(EXAMPLE.message);
  });

  it("uses another key and another salt for each message", () => {
    const [first, second] = [encryptWebPush(PLAINTEXT, KEYS), encryptWebPush(PLAINTEXT, KEYS)];
    expect(toText(first)).toHaveLength(EXAMPLE.message.length);
    expect(toText(first.subarray(0, 16))).not.toBe(toText(second.subarray(0, 16)));
    expect(toText(first.subarray(21, 86))).not.toBe(toText(second.subarray(21, 86)));
  });

  it("refuses a key that isn't a point of the curve", () => {
    const broken = toText(Buffer.from(EXAMPLE.p256dh, "base64url").fill(1, 1));
    expect(() => encryptWebPush(PLAINTEXT, { ...KEYS, p256dh: broken })).toThrow();
  });
});

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
