import { describe, expect, it } from "vitest";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, callWith } from "../support/faults.ts";

const BATCH = {
  template: { key: "order-confirmation", variables: {} },
  targets: Array.from({ length: 10_000 }, (_, index) => `user-${index}`),
  mode: "batch",
};

/** A limit that lets each caller in so many times, and who asked. */
function limitTo(requests: number): { RATE_LIMIT: RateLimit; asked: string[] } {
  const asked: string[] = [];
  const limit = async ({ key }: { key: string }) => {
    asked.push(key);
    return { success: asked.filter((caller) => caller === key).length <= requests };
  };
  return { RATE_LIMIT: { limit } as RateLimit, asked };
}

const get = (app: TestApp, RATE_LIMIT: RateLimit) => callWith({ RATE_LIMIT }, app, "GET", "/channels");

describe("the rate limit", () => {
  it("is bound, and lets a caller in", async () => {
    expect(await bindings.RATE_LIMIT?.limit({ key: "somebody" })).toMatchObject({ success: true });
  });

  it("answers 429 with Retry-After, and does nothing", async () => {
    const app = await createReadyApp();
    const { RATE_LIMIT } = limitTo(0);
    const answer = await callWith({ RATE_LIMIT }, app, "POST", "/channels", { name: "New", type: "in_app" });
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(answer.body.error.code).toBe("ERR_TOO_MANY_REQUESTS");
    expect((await app.api("GET", "/channels/new")).status).toBe(404);
  });

  it("is each key's own", async () => {
    const app = await createReadyApp();
    const other = await app.keyWith(["read"]);
    const { RATE_LIMIT, asked } = limitTo(1);
    expect((await get(app, RATE_LIMIT)).status).toBe(200);
    expect((await get(app, RATE_LIMIT)).status).toBe(429);
    expect((await get(other, RATE_LIMIT)).status).toBe(200);
    expect((await get(await createReadyApp(), RATE_LIMIT)).status).toBe(200);
    expect(new Set(asked).size).toBe(3);
  });

  it("counts calls, not targets", async () => {
    const app = await createReadyApp();
    const { RATE_LIMIT, asked } = limitTo(1);
    const sent = await callWith({ RATE_LIMIT }, app, "POST", "/notifications/send", BATCH);
    expect(sent.status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it("is not asked for a key that nobody has", async () => {
    const { RATE_LIMIT, asked } = limitTo(0);
    const app = await createReadyApp();
    const answer = await callWith({ RATE_LIMIT }, app, "GET", "/channels", undefined, { apikey: "wrong" });
    expect(answer.status).toBe(401);
    expect(asked).toEqual([]);
  });

  it("is each user's own where their client calls", async () => {
    const app = await createReadyApp();
    const { RATE_LIMIT } = limitTo(1);
    const statusFor = async (uid: string): Promise<number> => {
      const authorization = `Bearer ${await app.tokenFor(uid)}`;
      return (await callWith({ RATE_LIMIT }, app, "GET", "/feed", undefined, { authorization })).status;
    };
    expect(await statusFor("mia")).toBe(200);
    expect(await statusFor("mia")).toBe(429);
    expect(await statusFor("leo")).toBe(200);
  });

  it("doesn't stop the service where it can't be asked", async () => {
    const app = await createReadyApp();
    const limit = () => Promise.reject(new Error("Network connection lost."));
    expect((await get(app, { limit } as unknown as RateLimit)).status).toBe(200);
  });
});
