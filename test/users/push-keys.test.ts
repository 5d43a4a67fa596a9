import { describe, expect, it } from "vitest";
import { API, call, createReadyApp } from "../support/api.ts";
import { createPushApp } from "../support/push.ts";

describe("GET {api}/feed/push-keys", () => {
  it("gives a page the VAPID public key of each push channel, with its user's token", async () => {
    const { app, project } = await createPushApp(["fcm", "webpush"]);
    const { status, body } = await (await app.asUser("jane"))("GET", "/feed/push-keys");
    const { publicKey, privateKey } = project.credentials.webpush;
    expect([status, body]).toEqual([
      200,
      { data: [{ channelKey: "mobile-push", publicKey }], nextCursor: null },
    ]);
    expect(JSON.stringify(body)).not.toContain(privateKey);
  });

  it("has none of an app without Web Push", async () => {
    const app = await createReadyApp();
    expect((await (await app.asUser("jane"))("GET", "/feed/push-keys")).body.data).toEqual([]);
  });

  it("is for users only", async () => {
    const app = await createReadyApp();
    expect((await app.api("GET", "/feed/push-keys")).status).toBe(401);
    expect((await call("GET", `${API}/feed/push-keys`)).status).toBe(401);
  });
});
