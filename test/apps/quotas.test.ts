import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { callPlatform, formOf, postForm, presignedFields, uploadCsv } from "../support/targets-files.ts";

/** What an app may have. */

const setQuotas = (app: TestApp, quotas: object) => callAsAdmin("PUT", `/admin/apps/${app.id}`, { quotas });
const quotasOf = async (app: TestApp) => (await callAsAdmin("GET", `/admin/apps/${app.id}`)).body.quotas;

const upload = async (app: TestApp, fileKey: string) =>
  postForm(formOf(await presignedFields(app, fileKey), "user_id\nmia\n"));

async function addVersion(app: TestApp, text: string) {
  const content = { "in-app-alerts": { text: `Hello {{customerName}}, ${text} {{orderId}}.` } };
  return app.api("PUT", "/templates/order-confirmation", { content });
}

describe("an app's quotas", () => {
  it("are shown to the operator beside what is used, who may change them; the audit log has it", async () => {
    const app = await createReadyApp();
    expect(await quotasOf(app)).toMatchObject({
      keys: { limit: 1000, used: 1 },
      channels: { limit: 50, used: 2 },
      templates: { limit: 5000, used: 1 },
      templateVersions: { limit: 500, used: null },
      files: { limit: 10_000, used: 0 },
      webhooks: { limit: 10, used: 0 },
      users: { limit: 10_000_000, used: 0 },
      tags: { limit: 10_000, used: null },
    });
    const changed = await setQuotas(app, { keys: 3, templates: 7 });
    expect(changed.status).toBe(200);
    expect(await quotasOf(app)).toEqual(changed.body.quotas);
    expect(changed.body.quotas.keys).toEqual({ limit: 3, used: 1 });
    const back = await setQuotas(app, { keys: null });
    expect(back.body.quotas).toMatchObject({ keys: { limit: 1000 }, templates: { limit: 7 } });
    const { body } = await app.api("GET", "/audit-log?action=app.quotas_updated");
    expect(body.data[1].details).toEqual({
      changes: { keys: { from: 1000, to: 3 }, templates: { from: 5000, to: 7 } },
    });
  });

  it("that are wrong are named, and nothing is changed", async () => {
    const app = await createReadyApp();
    const before = await quotasOf(app);
    const { status, body } = await setQuotas(app, { keys: -1, files: "many", channels: 51, sockets: 1 });
    expect(status).toBe(400);
    expect(Object.keys(body.error.details).sort()).toEqual([
      "quotas.channels",
      "quotas.files",
      "quotas.keys",
      "quotas.sockets",
    ]);
    expect(await quotasOf(app)).toEqual(before);
    expect((await app.call("PUT", `/admin/apps/${app.id}`, { quotas: { keys: 9 } })).status).toBe(401);
  });

  it("refuse what would exceed them with 409, the number and the limit; what removes makes room", async () => {
    const app = await createReadyApp();
    await uploadCsv(app, "one.csv", "user_id\nmia\n");
    const { body: hook } = await app.api("POST", "/webhooks", {
      url: "https://hooks.shop.com/",
      events: ["delivery.failed"],
    });
    const { body: key } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "second",
      scopes: ["read"],
    });
    await setQuotas(app, { keys: 2, channels: 2, templates: 1, files: 1, webhooks: 1 });
    const tries = {
      keys: () => callAsAdmin("POST", `/admin/apps/${app.id}/keys`, { name: "third", scopes: ["read"] }),
      channels: () => app.api("POST", "/channels", { name: "More", type: "in_app" }),
      templates: () =>
        app.api("POST", "/templates", {
          name: "More",
          channelKeys: ["in-app-alerts"],
          content: { "in-app-alerts": { text: "Hi" } },
        }),
      webhooks: () =>
        app.api("POST", "/webhooks", { url: "https://hooks.shop.com/", events: ["delivery.failed"] }),
    };
    for (const [name, attempt] of Object.entries(tries)) {
      const { status, body } = await attempt();
      expect([status, body.error.code], name).toEqual([409, "ERR_QUOTA_EXCEEDED"]);
      expect(body.error.message).toContain(`(its quota ${name})`);
      expect(body.error.message).toMatch(/has \d of \d /);
    }
    await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${key.id}`);
    await app.api("DELETE", `/webhooks/${hook.id}`);
    expect((await tries.keys()).status).toBe(201);
    expect((await tries.webhooks()).status).toBe(201);
    // Archiving and renaming need no room.
    await setQuotas(app, { templates: 0, templateVersions: 0 });
    const archived = await app.api("PUT", "/templates/order-confirmation", {
      name: "Old",
      status: "archived",
    });
    expect(archived.status).toBe(200);
  });

  it("hold at their defaults too: 50 channels, 10 webhooks", async () => {
    const app = await createReadyApp();
    const webhook = { url: "https://hooks.shop.com/", events: ["delivery.failed"] };
    const { channels } = await quotasOf(app);
    for (let count = channels.used; count < 50; count++) {
      const { status } = await app.api("POST", "/channels", { name: `More ${count}`, type: "in_app" });
      expect(status).toBe(201);
    }
    for (let count = 0; count < 10; count++) {
      expect((await app.api("POST", "/webhooks", webhook)).status).toBe(201);
    }
    const refused = [
      await app.api("POST", "/channels", { name: "One more", type: "in_app" }),
      await app.api("POST", "/webhooks", webhook),
    ];
    expect(refused.map(({ status, body }) => [status, body.error.code, body.error.message])).toEqual([
      [409, "ERR_QUOTA_EXCEEDED", expect.stringContaining("has 50 of 50 channels")],
      // As before there were quotas.
      [409, "ERR_CONFLICT", expect.stringContaining("at most 10 webhooks")],
    ]);
    expect(await quotasOf(app)).toMatchObject({ channels: { used: 50 }, webhooks: { used: 10 } });
  });

  it("bound uploads by number and by bytes of a day; the same file again is one", async () => {
    const app = await createReadyApp();
    await setQuotas(app, { files: 1 });
    await uploadCsv(app, "one.csv", "user_id\nmia\n");
    expect((await upload(app, "two.csv")).status).toBe(409);
    await callPlatform(app, "DELETE", "/v1/storage/targets_files/one.csv");
    await uploadCsv(app, "two.csv", "user_id\nmia\n");
    const { used } = (await quotasOf(app)).uploadedBytesPerDay;
    expect(used).toBe(24);
    await setQuotas(app, { files: 5, uploadedBytesPerDay: 30 });
    const refused = await upload(app, "three.csv");
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      409,
      expect.stringContaining("24 of 30 bytes of targets files in a UTC day"),
    ]);
  });
});

describe("a template with as many versions as it may have", () => {
  it("loses its oldest ones that nothing can need, and keeps what was sent lately and what is sent", async () => {
    const app = await createReadyApp();
    await setQuotas(app, { templateVersions: 3 });
    // Version 1 is approved, 2 to 6 are drafts.
    for (const text of ["b", "c", "d", "e", "f"]) expect((await addVersion(app, text)).status).toBe(200);
    const versions = async () =>
      (await app.api("GET", "/templates/order-confirmation/versions")).body.data.map(
        ({ version }: { version: number }) => version,
      );
    expect(await versions()).toEqual([6, 5, 1]);
    await app.api("PUT", "/templates/order-confirmation", { status: "approved" });
    expect((await addVersion(app, "g")).status).toBe(200);
    await app.api("PUT", "/templates/order-confirmation", { status: "approved" });
    expect(await versions()).toEqual([7, 6, 1]);
    // All three were approved within the last 62 days.
    const refused = await addVersion(app, "h");
    expect([refused.status, refused.body.error.code]).toEqual([409, "ERR_QUOTA_EXCEEDED"]);
    await runInDurableObject(bindings.REGISTRY.getByName(app.id), (_, { storage }) => {
      storage.sql.exec("UPDATE template_versions SET approved_at = 1 WHERE version = 6");
    });
    expect((await addVersion(app, "h")).status).toBe(200);
    expect(await versions()).toEqual([8, 7, 6]);
  });
});
