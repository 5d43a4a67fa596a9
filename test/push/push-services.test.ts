import { describe, expect, it } from "vitest";
import { isAllowedService, isKnownService } from "../../src/channels/push/web-push/push-services.ts";
import { createApp } from "../support/api.ts";
import { createPushApp, registerDevice } from "../support/push.ts";

const P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH = "BTBZMqHH6r4Tts7J_aSIgg";
const deviceAt = (endpoint: string, keys = { p256dh: P256DH, auth: AUTH }) => ({
  provider: "webpush",
  endpoint,
  keys,
});

describe("a push service", () => {
  it.each([
    "https://fcm.googleapis.com/fcm/send/dXyZ:APA91b",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB",
    "https://web.push.apple.com/QMKl",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAC",
  ])("of a browser is known: %s", (endpoint) => {
    expect(isKnownService(endpoint)).toBe(true);
    expect(isAllowedService(endpoint, [], false)).toBe(true);
  });

  it.each([
    "https://fcm.googleapis.com.example.com/x",
    "https://evilpush.apple.com/x",
    "https://googleapis.com/x",
    "http://fcm.googleapis.com/x",
    "http://127.0.0.1:8080/x",
    "https://push.example.com/x",
  ])("of any other host isn't: %s", (endpoint) => {
    expect(isAllowedService(endpoint, [], false)).toBe(false);
  });

  it("that a channel allows is, with its subdomains; loopback where the deployment allows that", () => {
    expect(isAllowedService("https://push.example.com/x", ["push.example.com"], false)).toBe(true);
    expect(isAllowedService("https://eu.push.example.com/x", ["push.example.com"], false)).toBe(true);
    expect(isAllowedService("https://xpush.example.com/x", ["push.example.com"], false)).toBe(false);
    expect(isAllowedService("http://127.0.0.1:8080/x", [], true)).toBe(true);
  });
});

describe("a Web Push endpoint", () => {
  const endpoint = "https://push.example.com/x";

  it("that isn't of a known service is refused, and says what would do", async () => {
    const answer = await registerDevice(await createApp(), "mia", deviceAt(endpoint));
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain("allowedHosts");
  });

  it("is taken where a channel of the app allows its host, and only of that app", async () => {
    const { app, project } = await createPushApp();
    const { webpush } = project.credentials;
    const changed = await app.api("PUT", "/channels/mobile-push", {
      providers: { webpush: { ...webpush, allowedHosts: ["Push.Example.com"] } },
    });
    expect(changed.body.providers.webpush).toMatchObject({ allowedHosts: ["push.example.com"] });
    expect((await registerDevice(app, "mia", deviceAt(endpoint))).status).toBe(201);
    expect((await registerDevice(await createApp(), "mia", deviceAt(endpoint))).status).toBe(400);
  });

  it("has keys in base64 of either alphabet, padded or not, and they are one device's", async () => {
    const app = await createApp();
    const known = "https://web.push.apple.com/abc";
    const standard = (text: string): string => {
      const padded = text.replaceAll("-", "+").replaceAll("_", "/");
      return padded + "=".repeat((4 - (padded.length % 4)) % 4);
    };
    const keys = { p256dh: standard(P256DH), auth: standard(AUTH) };
    expect((await registerDevice(app, "mia", deviceAt(known, keys))).status).toBe(201);
    expect((await registerDevice(app, "mia", deviceAt(known))).status).toBe(200);
  });
});

describe("allowed hosts that aren't hosts", () => {
  it.each([
    ["https://push.example.com"],
    ["push.example.com/x"],
    ["*.example.com"],
    ["localhost"],
    ["10.0.0.1"],
  ])("are refused: %s", async (host) => {
    const { app, project } = await createPushApp();
    const webpush = { ...project.credentials.webpush, allowedHosts: [host] };
    const answer = await app.api("PUT", "/channels/mobile-push", { providers: { webpush } });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain("allowedHosts");
  });
});
