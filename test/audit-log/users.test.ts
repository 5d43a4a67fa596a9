import { beforeAll, describe, expect, it, vi } from "vitest";
import { hashUid } from "../../src/managing/change-user.ts";
import { callWithToken, createReadyApp, type TestApp } from "../support/api.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { callPlatform } from "../support/targets-files.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

/** The actions of a user's lines, oldest first, once there are `count`. */
async function waitForLines(uid: string, count: number): Promise<string[]> {
  const path = `/audit-log?targetType=user&targetId=${await hashUid(app.id, uid)}`;
  return vi.waitFor(async () => {
    const { data } = (await app.api("GET", path)).body;
    expect(data).toHaveLength(count);
    for (const { actor, details, requestId } of data) {
      expect(actor).toMatchObject({ type: "api_key", key: expect.any(String) });
      expect([details, requestId]).toEqual([{}, expect.any(String)]);
    }
    expect(JSON.stringify(data)).not.toContain(uid);
    return data.map(({ action }: { action: string }) => action).reverse();
  }, PATIENTLY);
}

describe("who may come in as a user stands in the audit log, without the uid", () => {
  it("a removed token, once", async () => {
    const uid = "kim@example.com";
    const token = await app.tokenFor(uid);
    const path = `/v3/users/${encodeURIComponent(uid)}/auth_tokens`;
    expect((await app.call("DELETE", `${path}/nothing`)).status).toBe(200);
    expect((await app.call("DELETE", `${path}/${token}`)).status).toBe(200);
    expect((await app.call("DELETE", `${path}/${token}`)).status).toBe(200);
    expect((await callWithToken(token)("GET", "/feed")).status).toBe(401);
    await app.call("DELETE", "/v3/users", { uidsToDeactivate: [uid] });
    expect(await waitForLines(uid, 2)).toEqual(["user.token_removed", "user.deactivated"]);
  });

  it("deactivation and its end, in each form, where it changed something", async () => {
    const uid = "leo@example.com";
    await app.api("POST", "/users", { uid });
    const path = `/v3/users/${encodeURIComponent(uid)}`;
    for (const isActive of [true, false, false]) {
      await callPlatform(app, "PUT", path, { is_active: isActive });
    }
    for (const _ of [1, 2])
      await app.call("PUT", "/v3/users", { uidsToActivate: [uid, "nobody@example.com"] });
    for (const _ of [1, 2]) await app.call("DELETE", path);
    await app.call("PUT", "/v3/users", { uidsToActivate: [uid] });
    await app.call("DELETE", "/v3/users", { uidsToDeactivate: [uid] });
    const [off, on] = ["user.deactivated", "user.activated"];
    expect(await waitForLines(uid, 5)).toEqual([off, on, off, on, off]);
    const { body } = await app.api("GET", `/audit-log?action=${on}`);
    expect(JSON.stringify(body.data)).not.toContain(await hashUid(app.id, "nobody@example.com"));
  });
});
