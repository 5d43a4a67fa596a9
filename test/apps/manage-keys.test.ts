import { describe, expect, it } from "vitest";
import { hashApiKey } from "../../src/model/credentials.ts";
import { callAsAdmin, createReadyApp, TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";

/** Copies of an API key that was revoked elsewhere: this isolate and KV haven't heard of it. */

async function createRevokedElsewhere(scopes: string[]): Promise<TestApp> {
  const app = await createReadyApp();
  const { body } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "leaving", scopes });
  await app.copiesAreCurrent();
  const caller = new TestApp(app.id, body.apiKey);
  // Known to this isolate from here on.
  expect((await caller.api("GET", "/channels")).status).toBe(200);
  const copy = await bindings.CONFIG.get(`key:${await hashApiKey(body.apiKey)}`);
  const actor = { type: "admin" as const, key: null, keyId: null, requestId: null };
  expect(await bindings.REGISTRY.getByName(app.id).revokeKey(body.id, actor)).toMatchObject({ ok: true });
  await bindings.CONFIG.put(`key:${await hashApiKey(body.apiKey)}`, copy ?? "");
  return caller;
}

describe("a key that was revoked elsewhere", () => {
  it("manages nothing from then on, whatever the copies say", async () => {
    const caller = await createRevokedElsewhere(["read", "manage"]);
    const { status, body } = await caller.api("POST", "/channels", { name: "Late", type: "in_app" });
    expect([status, body.error.code]).toEqual([401, "ERR_UNAUTHORIZED"]);
    // This isolate knows now.
    expect((await caller.api("GET", "/channels")).status).toBe(401);
  });

  it("may read from a copy", async () => {
    const caller = await createRevokedElsewhere(["read"]);
    expect((await caller.api("GET", "/channels")).status).toBe(200);
  });
});
