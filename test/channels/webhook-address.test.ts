import { describe, expect, it, vi } from "vitest";
import { createApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { sendToOne } from "../support/push.ts";
import { addAddresses, createWebhookApp, hookCounts, putAddress } from "../support/webhook-channel.ts";

const pathOf = (uid: string) => `/v3/users/${encodeURIComponent(uid)}/addresses/webhook`;

describe("a user's webhook address", () => {
  it("is put, read, replaced and taken away", async () => {
    const { app, inbox } = await createWebhookApp();
    expect((await app.call("GET", pathOf("mia"))).status).toBe(404);
    const first = await putAddress(app, "mia", inbox.url);
    expect([first.status, first.body]).toEqual([
      201,
      { url: inbox.url, createdAt: expect.any(String), updatedAt: expect.any(String) },
    ]);
    const second = await putAddress(app, "mia", `${inbox.url}?of=mia`);
    expect([second.status, second.body.url]).toEqual([200, `${inbox.url}?of=mia`]);
    expect((await app.api("GET", "/users/mia/addresses/webhook")).body).toEqual(second.body);
    expect((await app.call("DELETE", pathOf("mia"))).body).toEqual({
      url: `${inbox.url}?of=mia`,
      deleted: true,
    });
    expect((await app.call("DELETE", pathOf("mia"))).status).toBe(404);
  });

  it("may be another user's too, and is no device", async () => {
    const account = await createWebhookApp();
    await addAddresses(account, ["mia", "leo"]);
    const { app } = account;
    expect((await app.call("GET", pathOf("mia"))).status).toBe(200);
    expect((await app.call("GET", pathOf("leo"))).status).toBe(200);
    expect((await app.api("GET", "/users/mia/devices")).body.data).toEqual([]);
  });

  it.each([
    ["http://hooks.example.com/a", "must be an https URL"],
    ["https://10.0.0.1/a", "must be a URL whose host is public: a domain name or a public IP address"],
    ["https://user:pass@hooks.example.com/", "must be a URL without a user or password"],
    [17, "must be an https URL"],
    [undefined, "is required and must be an https URL"],
  ])("isn't %j", async (url, message) => {
    const app = await createApp();
    const { status, body } = await putAddress(app, "mia", url);
    expect([status, body.error.details]).toEqual([400, { url: message }]);
    expect((await app.call("GET", pathOf("mia"))).status).toBe(404);
  });

  it("needs a key that manages", async () => {
    const app = await createApp();
    const reader = await app.keyWith(["read", "send"]);
    expect((await putAddress(reader, "mia", "https://hooks.example.com/a")).status).toBe(403);
    expect((await reader.call("DELETE", pathOf("mia"))).status).toBe(403);
  });

  it("goes with its user, and with it what was on its way", async () => {
    const account = await createWebhookApp();
    const { app, inbox } = account;
    await addAddresses(account, ["mia"]);
    await inbox.answerWith({ status: 503, headers: { "retry-after": "3600" } });
    const id = await sendToOne(app, "mia");
    expect(await hookCounts(app, id)).toMatchObject({ pending: 1 });
    expect((await app.api("DELETE", "/users/mia")).status).toBe(200);
    await vi.waitFor(async () => {
      expect(await hookCounts(app, id)).toMatchObject({ pending: 0, skipped: { user_deleted: 1 } });
    }, PATIENTLY);
    expect((await app.call("GET", pathOf("mia"))).status).toBe(404);
    const next = await sendToOne(app, "mia");
    expect(await hookCounts(app, next)).toMatchObject({ skipped: { no_address: 1 } });
    expect(await inbox.calls()).toHaveLength(1);
  });
});
