import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { hashApiKey } from "../../src/model/credentials.ts";
import { keys } from "../../src/model/keys.ts";
import { type Body, callAsAdmin, createReadyApp, TestApp } from "../support/api.ts";
import { signIn } from "../support/dashboard.ts";
import { bindings, CapturingQueue, callWith } from "../support/faults.ts";
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
  await registry.noteKeyUse(id, "read");
  expect((await listed()).lastUsedAt).toBe(used);
  await runInDurableObject(registry, (_, { storage }) => {
    storage.sql.exec("UPDATE api_keys SET last_used_at = 1, last_read_at = 1 WHERE id = ?", id);
  });
  await registry.noteKeyUse(id, "read");
  expect(Date.parse((await listed()).lastUsedAt)).toBeGreaterThanOrEqual(before);
});

it("a key says what it was used for", async () => {
  const app = await createReadyApp();
  const worker = await app.keyWith(["send", "read", "manage"]);
  const key = await keyOf(worker);
  expect(key.uses).toEqual({ send: null, read: null, manage: null });
  expect((await worker.api("GET", "/channels")).status).toBe(200);
  expect((await worker.api("PUT", "/channels/mobile-push", { enabled: false })).status).toBe(200);
  await vi.waitFor(async () => {
    const { uses, lastUsedAt } = await keyOf(worker);
    expect(uses).toEqual({ send: null, read: expect.any(String), manage: expect.any(String) });
    expect(lastUsedAt).toBe([uses.read, uses.manage].sort()[1]);
  }, PATIENTLY);
});

it("a key's copy of an earlier version gets its name when the key is used", async () => {
  const app = await createReadyApp();
  const { id } = await keyOf(app);
  await app.copiesAreCurrent();
  const registry = env.REGISTRY.getByName(app.id);
  const copyName = keys.kvApiKey(await hashApiKey(app.apiKey));
  const readCopy = () => bindings.CONFIG.get<Body>(copyName, "json");
  const { name, ...nameless } = await readCopy();
  expect(name).toBe("default");
  await bindings.CONFIG.put(copyName, JSON.stringify(nameless));
  await runInDurableObject(registry, (_, { storage }) => {
    storage.sql.exec("UPDATE api_keys SET is_copied_with_name = 0");
  });
  await registry.noteKeyUse(id, "read");
  await vi.waitFor(async () => expect(await readCopy()).toEqual({ name, ...nameless }), PATIENTLY);
  await runInDurableObject(registry, (_, { storage }) => {
    expect(storage.sql.exec("SELECT is_copied_with_name AS is_named FROM api_keys").toArray()).toEqual([
      { is_named: 1 },
    ]);
  });
});

describe("what revoking a key ends", () => {
  it("are its sign-ins to the dashboard, and nothing that was accepted", async () => {
    const app = await createReadyApp();
    const { body: made } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "shop server",
      scopes: ["send", "read"],
    });
    const inUse = async (): Promise<Body> => {
      const { status, body } = await callAsAdmin("GET", `/admin/apps/${app.id}/keys/${made.id}`);
      expect(status).toBe(200);
      return body;
    };
    const nothing = { count: 0, isMore: false };
    const { apiKey, ...shown } = made;
    expect(await inUse()).toEqual({ ...shown, signIns: nothing, sending: nothing });
    for (const token of [apiKey, apiKey, app.apiKey])
      expect((await signIn({ token })).answer.status).toBe(200);
    expect((await inUse()).signIns).toEqual({ count: 2, isMore: false });
    // Its queue is kept back: they run.
    const queue = new CapturingQueue();
    const body = {
      template: { key: "order-confirmation", variables: { a: {} } },
      targets: ["a"],
      mode: "batch",
    };
    for (const sender of [new TestApp(app.id, apiKey), new TestApp(app.id, apiKey), app]) {
      const held = { DELIVERIES_NORMAL: queue.binding };
      expect((await callWith(held, sender, "POST", "/notifications/send", body)).status).toBe(200);
    }
    expect((await inUse()).sending).toEqual({ count: 2, isMore: false });
    expect((await callAsAdmin("GET", `/admin/apps/${app.id}/keys/none`)).status).toBe(404);
  });
});

async function keyOf(app: TestApp): Promise<Body> {
  const { body } = await callAsAdmin("GET", `/admin/apps/${app.id}/keys`);
  return body.data.find(({ key }: Body) => key === `****${app.apiKey.slice(-4)}`);
}

it("a key that is refused isn't used", async () => {
  const app = await createReadyApp();
  const sender = await app.keyWith(["send"]);
  expect((await sender.api("GET", "/channels")).status).toBe(403);
  const { body } = await callAsAdmin("GET", `/admin/apps/${app.id}/keys`);
  const found = body.data.find(({ key }: Body) => key === `****${sender.apiKey.slice(-4)}`);
  expect(found.lastUsedAt).toBeNull();
});
