import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { type Bindings, findVariableFaults } from "../../src/env.ts";
import { SECRET_BOX_SCHEMA, SecretBox } from "../../src/objects/kit/secret-box.ts";
import { callAsAdmin, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { addDevices, createPushApp, sendToOne } from "../support/push.ts";
import { waitUntilCompleted } from "../support/wait.ts";
import { createWebhook, endpointStub } from "../support/webhooks.ts";

/** What stands in tables and copies of an app's secrets. */

const registryOf = (app: TestApp) => bindings.REGISTRY.getByName(app.id);

/** Every cell of every table of an object, as one text. */
function readTables(stub: DurableObjectStub): Promise<string> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .filter(({ name }) => !name.startsWith("_cf_"))
      .map(({ name }) => JSON.stringify(storage.sql.exec(`SELECT * FROM "${name}"`).toArray()))
      .join("\n"),
  );
}

async function readCopies(): Promise<string> {
  const { keys } = await bindings.CONFIG.list();
  const values = await Promise.all(keys.map(({ name }) => bindings.CONFIG.get(name)));
  return values.join("\n");
}

function listRootSecrets(app: TestApp): Promise<{ secret: string }[]> {
  const registry = registryOf(app) as unknown as { listRootSecrets(): Promise<{ secret: string }[]> };
  return registry.listRootSecrets();
}

async function statusOf(app: TestApp): Promise<string> {
  return (await callAsAdmin("GET", `/admin/apps/${app.id}/status`)).body.secrets;
}

describe("an app's secrets", () => {
  it("stand in no table and no copy as they are", async () => {
    const account = await createPushApp(["fcm", "apns", "webpush"]);
    const { app } = account;
    await addDevices(account, "mia", "fcm");
    await addDevices(account, "mia", "apns");
    const webhook = await createWebhook(app);
    const { body: rotated } = await app.api("POST", `/webhooks/${webhook.id}/rotate-secret`);
    await callAsAdmin("POST", `/admin/apps/${app.id}/rotate-root-secret`, {});
    await waitUntilCompleted(app, await sendToOne(app, "mia"));
    await app.copiesAreCurrent();
    const roots = (await listRootSecrets(app)).map(({ secret }) => secret);
    const text = [
      await readTables(registryOf(app)),
      await readTables(endpointStub(app, webhook)),
      await readCopies(),
    ].join("\n");
    const secrets = [webhook.secret.slice(6), rotated.secret.slice(6), ...roots];
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(20);
    for (const secret of secrets) expect(text).not.toContain(secret);
    const signs = ["PRIVATE KEY", 'privateKey\\":', "whsec_", "eyJhbGciOi", "ya29."];
    for (const sign of signs) expect(text).not.toContain(sign);
    expect(text).toContain("sealed:1:");
    // And work all the same.
    await webhook.inbox.expectSecrets(rotated.secret);
    expect((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.status).toBe("succeeded");
    expect(await statusOf(app)).toBe("current");
  });

  it("that were stored as they are, before the deployment had a key, are sealed when their object starts", async () => {
    const { app } = await createPushApp(["apns"]);
    const webhook = await createWebhook(app);
    const [root] = await listRootSecrets(app);
    const key = { privateKey: "-----BEGIN PRIVATE KEY-----" };
    await runInDurableObject(registryOf(app), (_, { storage }) => {
      storage.sql.exec("UPDATE root_secrets SET secret = ?", root?.secret ?? "");
      storage.sql.exec("UPDATE webhooks SET secret = ?", webhook.secret);
      storage.sql.exec("UPDATE push_providers SET config = ?, token = 'a token'", JSON.stringify(key));
      storage.sql.exec(
        "INSERT INTO apns_tokens VALUES ('a key', 'an Apple token', 1, ?)",
        Date.now() + 60_000,
      );
      storage.sql.exec("DELETE FROM data_key");
    });
    await runInDurableObject(endpointStub(app, webhook), (_, { storage }) => {
      const [row] = storage.sql.exec<{ config: string }>("SELECT config FROM endpoint").toArray();
      const config = JSON.parse(row?.config ?? "");
      const secrets = [{ secret: webhook.secret, until: null }];
      storage.sql.exec("UPDATE endpoint SET config = ?", JSON.stringify({ ...config, secrets }));
      storage.sql.exec("DELETE FROM data_key");
    });
    for (const stub of [registryOf(app), endpointStub(app, webhook)]) await evictDurableObject(stub);
    expect((await app.api("POST", `/webhooks/${webhook.id}/test`)).body.status).toBe("succeeded");
    expect(await listRootSecrets(app)).toEqual([root]);
    const text = (await readTables(registryOf(app))) + (await readTables(endpointStub(app, webhook)));
    for (const secret of [webhook.secret, root?.secret ?? "?", "PRIVATE KEY", "a token", "an Apple token"]) {
      expect(text).not.toContain(secret);
    }
    expect(await statusOf(app)).toBe("current");
  });
});

describe("what seals an object's secrets", () => {
  const OLD = "the old key, of more than 32 characters";
  const NEW = "the new key, of more than 32 characters";

  /** A box over a table of its own, and what stands in that. */
  function withTable<T>(
    work: (open: (keys: Partial<Bindings>, name?: string) => SecretBox, read: () => string) => T,
  ) {
    const stub = bindings.WEBHOOK_ENDPOINT.getByName(`nobody:${crypto.randomUUID()}`);
    return runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(SECRET_BOX_SCHEMA);
      const open = (keys: Partial<Bindings>, name = "an object") =>
        new SecretBox(storage.sql, keys as Bindings, name);
      const read = () => JSON.stringify(storage.sql.exec("SELECT wrapped FROM data_key").toArray());
      return work(open, read);
    });
  }

  it("is replaced without sealing them anew", async () => {
    await withTable((open, read) => {
      const first = open({ SECRETS_KEY: OLD });
      const sealed = first.seal("a secret", "a purpose");
      expect(first.seal("a secret", "a purpose")).not.toBe(sealed);
      const before = read();
      const both = open({ SECRETS_KEY: OLD, SECRETS_KEY_NEXT: NEW });
      expect([both.getState(), both.unseal(sealed, "a purpose")]).toEqual(["old_key", "a secret"]);
      both.rewrap();
      expect(read()).not.toBe(before);
      expect(both.getState()).toBe("current");
      const after = open({ SECRETS_KEY: NEW });
      expect([after.getState(), after.unseal(sealed, "a purpose")]).toEqual(["current", "a secret"]);
      expect(before + read()).not.toContain("secret");
    });
  });

  it("opens them for their purpose and in their object alone", async () => {
    await withTable((open) => {
      const sealed = open({ SECRETS_KEY: OLD }).seal("a secret", "a purpose");
      expect(() => open({ SECRETS_KEY: OLD }).unseal(sealed, "another")).toThrow();
      expect(() => open({ SECRETS_KEY: OLD }, "another object").unseal(sealed, "a purpose")).toThrow();
      expect(() =>
        open({ SECRETS_KEY: OLD }).unseal(`${sealed.slice(0, -8)}AAAAAAA=`, "a purpose"),
      ).toThrow();
    });
  });

  it("is missed loudly where the deployment has lost it, and nothing is sealed with another", async () => {
    await withTable((open, read) => {
      const sealed = open({ SECRETS_KEY: OLD }).seal("a secret", "a purpose");
      const before = read();
      for (const keys of [{}, { SECRETS_KEY: NEW }]) {
        expect(open(keys).getState()).toBe("unreadable");
        expect(() => open(keys).unseal(sealed, "a purpose")).toThrow("SECRETS_KEY");
      }
      expect(() => open({ SECRETS_KEY: NEW }).seal("another", "a purpose")).toThrow("SECRETS_KEY");
      expect(read()).toBe(before);
    });
  });

  it("is nothing where the deployment has none: they are stored as they are, and read on once it has", async () => {
    await withTable((open, read) => {
      const without = open({});
      expect(without.seal("a secret", "a purpose")).toBe("a secret");
      expect([without.getState(), read()]).toEqual(["plain", "[]"]);
      const later = open({ SECRETS_KEY: OLD });
      expect(later.unseal("a secret", "a purpose")).toBe("a secret");
      expect([later.isUnsealed("a secret"), without.isUnsealed("a secret")]).toEqual([true, false]);
    });
  });

  it("has 32 characters or more", () => {
    expect(findVariableFaults({ ...bindings, SECRETS_KEY: "short", SECRETS_KEY_NEXT: OLD })).toEqual([
      { name: "SECRETS_KEY", message: "must have 32 characters or more" },
    ]);
  });
});
