import { beforeAll, describe, expect, it } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { shardOfUser } from "../../src/model/user-hash.ts";
import { type Answer, createReadyApp, createTemplate, type TestApp } from "../support/api.ts";
import { bindings, interceptCalls, unreachable } from "../support/faults.ts";
import { postWith } from "../support/replaced.ts";
import { recordOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
  await createTemplate(app, {
    key: "plain",
    content: { "in-app-alerts": { text: "Hi" } },
    variableSchema: {},
  });
  await app.api("POST", "/templates", { name: "draft", channelKeys: ["in-app-alerts"], key: "draft" });
});

const PATH = "/v3/campaigns/notifications/messages";
const send = (body: unknown): Promise<Answer> => app.call("POST", PATH, body);

const sendWith = (replaced: Partial<Bindings>, body: object) => postWith(replaced, PATH, app.headers, body);

async function feedLength(uid: string): Promise<number> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data.length;
}

describe("a wrong call", () => {
  const good = { templateId: "plain", receivers: ["fault-1"] };
  it.each<[string, unknown, number, string, string[]]>([
    ["has no fields", {}, 400, "ERR_VALIDATION", ["templateId", "receivers"]],
    ["is a list", [], 400, "ERR_VALIDATION", ["templateId", "receivers"]],
    ["is no JSON", "{", 400, "ERR_VALIDATION", []],
    ["has no receivers", { ...good, receivers: [] }, 400, "ERR_VALIDATION", ["receivers"]],
    ["has a text for receivers", { ...good, receivers: "a" }, 400, "ERR_VALIDATION", ["receivers"]],
    [
      "has a receiver that is none",
      { ...good, receivers: ["a", ""] },
      400,
      "ERR_VALIDATION",
      ["receivers[1]"],
    ],
    ["has a long tag", { ...good, tag: "x".repeat(257) }, 400, "ERR_VALIDATION", ["tag"]],
    ["has a list of variables", { ...good, variables: [] }, 400, "ERR_INVALID_VARIABLES", ["variables"]],
    [
      "has flat variables",
      { ...good, variables: { name: "B" } },
      400,
      "ERR_INVALID_VARIABLES",
      ["variables.name"],
    ],
    ["has an unknown template", { ...good, templateId: "none" }, 404, "ERR_TEMPLATE_NOT_FOUND", []],
    ["has a draft for a template", { ...good, templateId: "draft" }, 409, "ERR_TEMPLATE_NOT_APPROVED", []],
    [
      "has too many receivers",
      { ...good, receivers: Array(10_001).fill("a") },
      400,
      "ERR_TARGET_LIMIT_EXCEEDED",
      ["receivers"],
    ],
  ])("that %s is refused in the family's envelope", async (_, body, status, code, fields) => {
    const answer = await send(body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(Object.keys(answer.body.error.details ?? {})).toEqual(fields);
    expect(answer.body).toEqual({
      error: {
        code,
        message: expect.stringMatching(/./),
        devMessage: expect.stringMatching(/./),
        source: "campaigns-service",
        ...(fields.length > 0 ? { details: expect.any(Object) } : {}),
      },
    });
    expect(await feedLength("fault-1")).toBe(0);
  });

  it("by another method is told which one is right", async () => {
    const { status, headers, body } = await app.call("GET", PATH);
    expect([status, headers.get("allow"), body.error.source]).toEqual([405, "POST", "campaigns-service"]);
  });
});

describe("an object that is down in mid-delivery", () => {
  // Ten receivers in ten shards: as many calls, of which one fails.
  const receivers: string[] = [];
  beforeAll(async () => {
    const record = await recordOf(app);
    const shards = new Set<number>();
    for (let index = 0; receivers.length < 10; index++) {
      const shard = shardOfUser(`down-${index}`, record);
      if (!shards.has(shard)) receivers.push(`down-${index}`);
      shards.add(shard);
    }
  });

  it.each([1, 5, 10])(
    "is left to the watchdog: call %d of 10 fails, the others are answered for",
    async (down) => {
      const USER_SHARD = interceptCalls(bindings.USER_SHARD, "deliver", {
        before: (count) => {
          if (count === down) throw new Error("Network connection lost.");
        },
      });
      const sent = await sendWith({ USER_SHARD }, { templateId: "plain", receivers });
      expect([sent.status, sent.body.data.mode]).toEqual([200, "realtime"]);
      const { counts } = await waitUntilCompleted(app, sent.body.data.notificationId);
      expect(counts["in-app-alerts"]).toMatchObject({ total: 10, delivered: 10, pending: 0 });
      expect((await app.audit(sent.body.data.notificationId)).isEqual).toBe(true);
    },
  );

  it("gets each receiver one item of each send in the end", async () => {
    for (const uid of receivers) expect(await feedLength(uid)).toBe(3);
  });

  it("has the others in their feeds before the answer", async () => {
    const others = receivers.map((uid) => `other-${uid}`);
    let finished = 0;
    const USER_SHARD = interceptCalls(bindings.USER_SHARD, "deliver", {
      before: (count) => {
        if (count === 1) throw new Error("Network connection lost.");
      },
      after: () => {
        finished++;
      },
    });
    const record = await recordOf(app);
    const calls = new Set(others.map((uid) => shardOfUser(uid, record))).size;
    const sent = await sendWith({ USER_SHARD }, { templateId: "plain", receivers: others });
    expect([sent.status, finished]).toEqual([200, calls - 1]);
  });

  it("is a 503 where it is the ledger, and nothing is sent", async () => {
    const body = { templateId: "plain", receivers: ["unopened-1", "unopened-2"] };
    const sent = await sendWith({ LEDGER: unreachable() }, body);
    expect([sent.status, sent.body.error.code]).toEqual([503, "ERR_UNAVAILABLE"]);
    expect(await feedLength("unopened-1")).toBe(0);
  });
});
