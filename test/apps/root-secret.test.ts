import { runInDurableObject } from "cloudflare:test";
import { SignJWT } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { forgetApp } from "../../src/copies/app.ts";
import { migrate } from "../../src/objects/kit/migrate.ts";
import { REGISTRY_SCHEMA } from "../../src/objects/registry/schema.ts";
import { type Answer, callAsAdmin, callWithToken, createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { rowsIn, wake } from "../support/objects.ts";
import { formOf, postForm, presignedFields } from "../support/targets-files.ts";

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
});

const registryOf = ({ id }: TestApp) => bindings.REGISTRY.getByName(id);
const rotate = ({ id }: TestApp, body?: unknown): Promise<Answer> =>
  callAsAdmin("POST", `/admin/apps/${id}/rotate-root-secret`, body);
const readsFeed = async (token: string): Promise<number> =>
  (await callWithToken(token)("GET", "/feed")).status;
const uploads = async (fields: Record<string, string>): Promise<number> =>
  (await postForm(formOf(fields, "user_id\njane\n"))).status;
/** Every grace of the app has ended. */
const endGraces = async ({ id }: TestApp): Promise<void> => {
  await runInDurableObject(bindings.REGISTRY.getByName(id), (_, { storage }) => {
    storage.sql.exec("UPDATE root_secrets SET ends_at = 1 WHERE ends_at IS NOT NULL");
  });
  forgetApp(id);
};

/** A user's token as an isolate makes it that knows of the newest root secret. */
async function signElsewhere({ id }: TestApp, generation: number, uid: string): Promise<string> {
  const secret = (await bindings.REGISTRY.getByName(id).getRootSecret()) ?? "";
  const encoder = new TextEncoder();
  const root = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveBits"]);
  const info = encoder.encode("onecall feed token v1");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const key = new Uint8Array(await crypto.subtle.deriveBits(derivation, root, 256));
  return new SignJWT({ root: generation })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(id)
    .setSubject(uid)
    .setAudience("feed")
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(key);
}

describe("POST /admin/apps/{id}/rotate-root-secret", () => {
  it("signs anew, and takes what was signed before until the grace ends", async () => {
    const before = [await app.tokenFor("jane"), await registryOf(app).getRootSecret()];
    const fields = await presignedFields(app, "before.csv");
    const { status, body } = await rotate(app, { gracePeriodHours: 2 });
    expect([status, body.id, body.generation]).toEqual([200, app.id, 2]);
    expect(Math.abs(Date.parse(body.previousUntil) - Date.now() - 2 * 3_600_000)).toBeLessThan(30_000);
    expect(await registryOf(app).getRootSecret()).not.toBe(before[1]);
    expect(JSON.stringify(body)).not.toContain(await registryOf(app).getRootSecret());
    const after = await app.tokenFor("jane");
    expect([await readsFeed(before[0] ?? ""), await readsFeed(after)]).toEqual([200, 200]);
    expect(await uploads(fields)).toBe(204);
    await endGraces(app);
    expect([await readsFeed(before[0] ?? ""), await readsFeed(after)]).toEqual([401, 200]);
    expect(await uploads(await presignedFields(app, "after.csv"))).toBe(204);
  });

  it("has a grace of a day by default", async () => {
    const { body } = await rotate(app);
    expect(Math.abs(Date.parse(body.previousUntil) - Date.now() - 24 * 3_600_000)).toBeLessThan(30_000);
  });

  it("ends all that was signed before where there is no grace", async () => {
    const tokens = [await app.tokenFor("jane")];
    const fields = await presignedFields(app, "ended.csv");
    await rotate(app, { gracePeriodHours: 24 });
    tokens.push(await app.tokenFor("jane"));
    await rotate(app, { gracePeriodHours: 0 });
    for (const token of tokens) expect(await readsFeed(token)).toBe(401);
    expect(await uploads(fields)).toBe(403);
    expect(await readsFeed(await app.tokenFor("jane"))).toBe(200);
    expect(await rowsIn(registryOf(app), "root_secrets")).toBe(1);
  });

  it("lengthens no grace that runs", async () => {
    await rotate(app, { gracePeriodHours: 1 });
    await rotate(app, { gracePeriodHours: 48 });
    const [, second, first] = await registryOf(app).listRootSecrets();
    expect((first?.endsAt ?? 0) < (second?.endsAt ?? 0)).toBe(true);
  });

  it("is heard of by an isolate that knows only the secret before, from the token itself", async () => {
    expect(await readsFeed(await app.tokenFor("jane"))).toBe(200);
    const actor = { type: "admin" as const, key: null, keyId: null, requestId: null };
    await registryOf(app).rotateRootSecret(0, actor);
    expect(await readsFeed(await signElsewhere(app, 2, "jane"))).toBe(200);
  });

  it("lets nobody name a generation that there isn't", async () => {
    for (const generation of [0, -1, 1.5, 99]) {
      expect(await readsFeed(await signElsewhere(app, generation, "jane"))).toBe(401);
    }
  });

  it("keeps five secrets at most, and needs no room to end them all", async () => {
    for (let rotation = 0; rotation < 4; rotation++) expect((await rotate(app)).status).toBe(200);
    const { status, body } = await rotate(app);
    expect([status, body.error.code]).toEqual([409, "ERR_CONFLICT"]);
    expect((await rotate(app, { gracePeriodHours: 0 })).status).toBe(200);
  });

  it("removes a secret when its grace has ended", async () => {
    await rotate(app);
    await endGraces(app);
    await wake(registryOf(app), "root");
    expect(await rowsIn(registryOf(app), "root_secrets")).toBe(1);
    expect(await rowsIn(registryOf(app), "due WHERE kind = 'root'")).toBe(0);
  });

  it("stands in the audit log, without the secret", async () => {
    const { body } = await rotate(app);
    const { data } = (await app.api("GET", "/audit-log?action=app.root_secret_rotated")).body;
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({
      actor: { type: "admin" },
      target: { type: "app", id: app.id },
      details: { generation: 2, previousUntil: body.previousUntil },
    });
  });

  it.each([-1, 1.5, 721, "1"])("refuses a grace of %j", async (gracePeriodHours) => {
    const secret = await registryOf(app).getRootSecret();
    const { status, body } = await rotate(app, { gracePeriodHours });
    expect([status, Object.keys(body.error.details)]).toEqual([400, ["gracePeriodHours"]]);
    expect(await registryOf(app).getRootSecret()).toBe(secret);
  });

  it("knows no other app", async () => {
    expect((await callAsAdmin("POST", "/admin/apps/nobody-here/rotate-root-secret")).status).toBe(404);
  });
});

it("an app of an earlier version goes on with its secret", async () => {
  const stub = bindings.REGISTRY.getByName("earlier-registry");
  const step = REGISTRY_SCHEMA.findIndex((statements) =>
    statements.some((statement) => statement.startsWith("CREATE TABLE root_secrets")),
  );
  await runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, REGISTRY_SCHEMA.slice(0, step));
    storage.sql.exec(
      `INSERT INTO app (id, name, shard_count, hash, root_secret, created_at)
       VALUES ('earlier-registry', 'Earlier', 64, 'fnv1a32-fmix32', 'the secret of then', 1)`,
    );
    migrate(storage, REGISTRY_SCHEMA);
  });
  expect(await stub.listRootSecrets()).toEqual([
    { generation: 1, secret: "the secret of then", endsAt: null },
  ]);
});
