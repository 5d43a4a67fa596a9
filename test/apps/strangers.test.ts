import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { base64url } from "jose";
import { describe, expect, it, vi } from "vitest";
import { UPLOAD_PATH } from "../../src/api/targets-files.ts";
import { forgetApp } from "../../src/copies/app.ts";
import worker from "../../src/index.ts";
import { ADMIN_TOKEN, API, type Body, callAsAdmin, createApp, TestApp } from "../support/api.ts";
import { countCalls } from "../support/counted.ts";
import { bindings } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";

/** Calls whose credentials nothing vouches for: what they cost the objects, and whom they hit. */

const FORGED = 200;

const random = (length: number) =>
  base64url.encode(crypto.getRandomValues(new Uint8Array(64))).slice(0, length);
const forgeKey = (appId: string) => `oc_${appId}_${random(43)}`;
const madeUpApp = () =>
  `x${random(12)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "0")}`;
const forgeToken = (iss: string) => {
  const encode = (part: object) => base64url.encode(JSON.stringify(part));
  const claims = { iss, sub: "x", aud: "feed", iat: 1, exp: 9_000_000_000 };
  return `${encode({ alg: "HS256" })}.${encode(claims)}.${random(43)}`;
};
function forgeForm(appId: string): FormData {
  const form = new FormData();
  const policy = { appId, fileKey: "a", mayOverwrite: true, maxBytes: 1, usableUntil: 9e15 };
  form.set("policy", btoa(JSON.stringify(policy)));
  form.set("x-amz-signature", "0".repeat(64));
  form.set("file", new Blob(["user_id\na"]), "a.csv");
  return form;
}

interface Given {
  address?: string;
  headers?: Record<string, string>;
  method?: string;
  body?: BodyInit;
  replaced?: Partial<typeof bindings>;
}

let addresses = 0;
/** An address that nobody else calls from. */
const newAddress = () => `192.0.2.${++addresses}`;

async function callFrom(
  path: string,
  { address, headers, method, body, replaced }: Given,
): Promise<Response> {
  const execution = createExecutionContext();
  // A form's length is known only once it is text.
  const encoded = body instanceof FormData ? new Response(body) : null;
  const bytes = encoded === null ? body : await encoded.arrayBuffer();
  const request = new Request<unknown, IncomingRequestCfProperties>(`https://onecall.test${path}`, {
    method: method ?? "GET",
    headers: {
      ...(address === undefined ? {} : { "cf-connecting-ip": address }),
      ...(encoded === null ? {} : { "content-type": encoded.headers.get("content-type") ?? "" }),
      ...(bytes instanceof ArrayBuffer ? { "content-length": String(bytes.byteLength) } : {}),
      ...headers,
    },
    body: bytes ?? null,
  });
  const response = await worker.fetch(request, { ...bindings, ...replaced }, execution);
  await waitOnExecutionContext(execution);
  return response;
}

/** How often each status came. */
async function tally(
  count: number,
  ask: (index: number) => Promise<Response>,
): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  for (let index = 0; index < count; index++) {
    const response = await ask(index);
    await response.arrayBuffer();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  }
  return statuses;
}

/** An app as one of an earlier version: its keys have no check, and its record says nothing of one. */
async function createEarlierApp(): Promise<TestApp> {
  const app = await createApp();
  await app.copiesAreCurrent();
  const registry = bindings.REGISTRY.getByName(app.id);
  const apiKey = forgeKey(app.id);
  const sha256 = [...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(apiKey)))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const record = await runInDurableObject(registry, (_, { storage }) => {
    storage.sql.exec("UPDATE app SET key_check = NULL, unchecked_keys = 1");
    storage.sql.exec("UPDATE api_keys SET sha256 = ?, is_checked = 0", sha256);
    const [key] = storage.sql.exec<{ id: string }>("SELECT id FROM api_keys").toArray();
    return { appId: app.id, keyId: key?.id, scopes: ["send", "read", "manage"], lastFour: apiKey.slice(-4) };
  });
  await bindings.CONFIG.put(`key:${sha256}`, JSON.stringify(record));
  const { keyCheck, ...earlier } = JSON.parse((await bindings.CONFIG.get(`app:${app.id}`)) ?? "{}");
  expect(keyCheck).toBeDefined();
  await bindings.CONFIG.put(`app:${app.id}`, JSON.stringify(earlier));
  forgetApp(app.id);
  return new TestApp(app.id, apiKey);
}

describe("what is unknown is remembered", () => {
  it("for a key that was revoked", async () => {
    const app = await createApp();
    const { body } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "gone",
      scopes: ["read"],
    });
    await callAsAdmin("DELETE", `/admin/apps/${app.id}/keys/${body.id}`);
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    const headers = { appid: app.id, apikey: body.apiKey };
    const statuses = await tally(20, () => callFrom(`${API}/channels`, { headers, replaced: { REGISTRY } }));
    expect(statuses).toEqual({ 401: 20 });
    expect(calls).toEqual([{ object: app.id, method: "getKey" }]);
  });

  it("for an app, until it is made", async () => {
    const id = madeUpApp();
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    const address = newAddress();
    const ask = () => {
      const headers = { appid: id, apikey: forgeKey(id) };
      return callFrom(`${API}/channels`, { address, headers, replaced: { REGISTRY } });
    };
    expect(await tally(10, ask)).toEqual({ 401: 10 });
    expect(calls).toHaveLength(1);
    const { body } = await callAsAdmin("POST", "/admin/apps", { id, name: "Now" });
    expect((await new TestApp(id, body.apiKey).api("GET", "/channels")).status).toBe(200);
  });
});

describe("a forged API key", () => {
  it("costs no call of an object where its app is known", async () => {
    const app = await createApp();
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    const statuses = await tally(FORGED, () =>
      callFrom(`${API}/channels`, {
        headers: { appid: app.id, apikey: forgeKey(app.id) },
        replaced: { REGISTRY },
      }),
    );
    expect(statuses).toEqual({ 401: FORGED });
    expect(calls).toEqual([]);
    expect((await app.api("GET", "/channels")).status).toBe(200);
  });

  it("isn't taken for one by its last characters alone", async () => {
    const [app, other] = [await createApp(), await createApp()];
    const moved = `${forgeKey(app.id).slice(0, -10)}${app.apiKey.slice(-10)}`;
    const renamed = other.apiKey.replace(other.id, app.id);
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    for (const apikey of [moved, renamed]) {
      const headers = { appid: app.id, apikey };
      expect((await callFrom(`${API}/channels`, { headers, replaced: { REGISTRY } })).status).toBe(401);
    }
    expect(calls).toEqual([]);
  });

  it("costs a registry whose keys are of an earlier version a few calls, and keeps nobody else out", async () => {
    const app = await createEarlierApp();
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    const statuses = await tally(FORGED, (index) =>
      callFrom(`${API}/channels`, {
        address: `198.51.100.${index % 250}`,
        headers: { appid: app.id, apikey: forgeKey(app.id) },
        replaced: { REGISTRY },
      }),
    );
    expect(Object.keys(statuses)).toEqual(["401", "429"]);
    expect(calls.length).toBeLessThanOrEqual(FORGED / 10);
    // From KV, as soon as this isolate believes it again after its own change of the app.
    await vi.waitFor(async () => expect((await app.api("GET", "/channels")).status).toBe(200), PATIENTLY);
  });

  it.each(["one address", "many addresses"])(
    "of made-up apps costs a few calls in all, from %s",
    async (from) => {
      const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
      const address = newAddress();
      const statuses = await tally(FORGED, (index) => {
        const app = madeUpApp();
        return callFrom(`${API}/channels`, {
          address: from === "one address" ? address : `203.0.113.${index % 250}`,
          headers: { appid: app, apikey: forgeKey(app) },
          replaced: { REGISTRY },
        });
      });
      expect(statuses[429]).toBeGreaterThan(FORGED / 2);
      expect(calls.length).toBeLessThanOrEqual(FORGED / 3);
    },
  );

  it("is answered 429 with Retry-After where it can't be looked up", async () => {
    const address = newAddress();
    for (;;) {
      const app = madeUpApp();
      const headers = { appid: app, apikey: forgeKey(app) };
      const response = await callFrom(`${API}/channels`, { address, headers });
      const { error } = await response.json<Body>();
      if (response.status === 401) continue;
      expect([response.status, error.code]).toEqual([429, "ERR_TOO_MANY_REQUESTS"]);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      break;
    }
  });
});

describe("other forged credentials", () => {
  it.each<[string, (appId: string) => Promise<Given & { path: string }>]>([
    [
      "user token",
      async (id) => ({ path: `${API}/feed`, headers: { authorization: `Bearer ${forgeToken(id)}` } }),
    ],
    [
      "socket token",
      async (id) => ({
        path: `${API}/feed/socket`,
        headers: { upgrade: "websocket", "sec-websocket-protocol": forgeToken(id) },
      }),
    ],
    ["upload form", async (id) => ({ path: UPLOAD_PATH, method: "POST", body: forgeForm(id) })],
  ])("a %s of made-up apps costs a few calls in all", async (_, forge) => {
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    const address = newAddress();
    const statuses = await tally(100, async () => {
      const { path, ...given } = await forge(madeUpApp());
      return callFrom(path, { ...given, address, replaced: { REGISTRY } });
    });
    expect(statuses[429]).toBeGreaterThan(50);
    expect(calls.length).toBeLessThanOrEqual(30);
  });

  it("an upload form of what can't be an app's id asks nobody", async () => {
    const { namespace: REGISTRY, calls } = countCalls(bindings.REGISTRY);
    const given = { method: "POST", body: forgeForm("zz Not an id"), replaced: { REGISTRY } };
    expect((await callFrom(UPLOAD_PATH, given)).status).toBe(403);
    expect(calls).toEqual([]);
  });
});

describe("wrong admin tokens", () => {
  it("are limited by address, the right one too, and nobody else's", async () => {
    const address = newAddress();
    const ask = (token: string, from: string) =>
      callFrom("/admin/apps", { address: from, headers: { authorization: `Bearer ${token}` } });
    const statuses = await tally(60, (index) => ask(`wrong-${index}`, address));
    expect(Object.keys(statuses)).toEqual(["401", "429"]);
    expect((await ask(ADMIN_TOKEN, newAddress())).status).toBe(200);
  });
});

describe("every wrong credential", () => {
  it("counts against its address in the deployment's own limit", async () => {
    const app = await createApp();
    const asked: string[] = [];
    const limit = async ({ key }: { key: string }) => {
      asked.push(key);
      return { success: asked.filter((one) => one === key).length <= 2 };
    };
    const replaced = { RATE_LIMIT: { limit } as RateLimit };
    const wrong: (Given & { path: string })[] = [
      { path: `${API}/channels`, headers: { appid: app.id, apikey: forgeKey(app.id) } },
      { path: `${API}/channels`, headers: { "api-token": forgeKey(app.id), appid: app.id } },
      { path: `${API}/feed`, headers: { authorization: `Bearer ${forgeToken(app.id)}` } },
      { path: "/admin/apps", headers: { authorization: "Bearer wrong" } },
      { path: UPLOAD_PATH, method: "POST", body: forgeForm(app.id) },
    ];
    for (const { path, ...given } of wrong) {
      if (given.headers?.["api-token"] !== undefined) continue;
      const address = newAddress();
      const ask = () => callFrom(path, { ...given, address, replaced });
      const statuses = [(await ask()).status, (await ask()).status, (await ask()).status];
      expect(statuses.slice(2), path).toEqual([429]);
      expect(statuses, path).not.toContain(200);
      expect(asked.at(-1)).toContain(address);
    }
  });
});
