import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { type Body, callAsAdmin, createReadyApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";

/** When an API key was used last, as the operator is shown it. */

it("a key's last use is shown, and written at most once in some minutes", async () => {
  const app = await createReadyApp();
  const reader = await app.keyWith(["read"]);
  const listed = async (): Promise<Body> => {
    const { body } = await callAsAdmin("GET", `/admin/apps/${app.id}/keys`);
    return body.data.find(({ key }: Body) => key === `****${reader.apiKey.slice(-4)}`);
  };
  const { id, lastUsedAt } = await listed();
  expect(lastUsedAt).toBeNull();
  const before = Date.now();
  expect((await reader.api("GET", "/channels")).status).toBe(200);
  const used = await vi.waitFor(async () => {
    const found = (await listed()).lastUsedAt;
    expect(found).not.toBeNull();
    return found;
  }, PATIENTLY);
  expect(Date.parse(used)).toBeGreaterThanOrEqual(before);
  // Whoever tells: another isolate does so too.
  const registry = env.REGISTRY.getByName(app.id);
  await registry.noteKeyUse(id);
  expect((await listed()).lastUsedAt).toBe(used);
  await runInDurableObject(registry, (_, { storage }) => {
    storage.sql.exec("UPDATE api_keys SET last_used_at = 1 WHERE id = ?", id);
  });
  await registry.noteKeyUse(id);
  expect(Date.parse((await listed()).lastUsedAt)).toBeGreaterThanOrEqual(before);
});

it("a key that is refused isn't used", async () => {
  const app = await createReadyApp();
  const sender = await app.keyWith(["send"]);
  expect((await sender.api("GET", "/channels")).status).toBe(403);
  const { body } = await callAsAdmin("GET", `/admin/apps/${app.id}/keys`);
  const found = body.data.find(({ key }: Body) => key === `****${sender.apiKey.slice(-4)}`);
  expect(found.lastUsedAt).toBeNull();
});
