import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { isLetThrough } from "../../src/http/cloudflare-access.ts";
import worker from "../../src/index.ts";
import { bindings } from "../support/faults.ts";

/** The dashboard behind Cloudflare Access. */

const TEAM = "https://shop.cloudflareaccess.com";
const CONFIG = { teamUrl: TEAM, audience: "the-dashboard" };

describe("a token of Cloudflare Access", () => {
  it("counts where this team made it for this application, and it hasn't ended", async () => {
    const [own, other] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(own.publicKey)), alg: "RS256" }] });
    const sign = ({ issuer = TEAM, audience = "the-dashboard", end = "1h", key = own.privateKey } = {}) =>
      new SignJWT({ email: "ops@shop.example" })
        .setProtectedHeader({ alg: "RS256" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime(end)
        .sign(key);
    expect(await isLetThrough(await sign(), CONFIG, keys)).toBe(true);
    for (const wrong of [
      { issuer: "https://evil.cloudflareaccess.com" },
      { audience: "another" },
      { end: "-1h" },
      { key: other.privateKey },
    ]) {
      expect([wrong, await isLetThrough(await sign(wrong), CONFIG, keys)]).toEqual([wrong, false]);
    }
    expect(await isLetThrough("nonsense", CONFIG, keys)).toBe(false);
  });
});

async function call(path: string, replaced: object): Promise<Response> {
  const execution = createExecutionContext();
  const request = new Request<unknown, IncomingRequestCfProperties>(`https://onecall.test${path}`);
  const response = await worker.fetch(request, { ...bindings, ...replaced }, execution);
  await waitOnExecutionContext(execution);
  return response;
}

describe("a deployment that names its team and application", () => {
  const replaced = { ACCESS_TEAM_URL: TEAM, ACCESS_AUDIENCE: "the-dashboard" };

  it("shows the dashboard to nobody whom Access didn't let through, and leaves the API alone", async () => {
    for (const path of ["/dashboard", "/dashboard/", "/dashboard/notifications", "/dashboard/session"]) {
      expect([path, (await call(path, replaced)).status]).toEqual([path, 403]);
    }
    expect((await call("/health", replaced)).status).toBe(200);
    expect((await call("/v3/business-messaging/api/channels", replaced)).status).toBe(401);
  });

  it("lets nobody in by half of the two", async () => {
    for (const half of [{ ACCESS_TEAM_URL: TEAM }, { ACCESS_AUDIENCE: "x" }]) {
      expect((await call("/dashboard", half)).status).toBe(503);
    }
    expect((await call("/dashboard", { ...replaced, ACCESS_TEAM_URL: "shop" })).status).toBe(503);
  });
});
