import { beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  call,
  callAsAdmin,
  createReadyApp,
  createTemplate,
  type TestApp,
} from "../support/api.ts";
import { CapturingQueue, consume } from "../support/faults.ts";
import { postWith } from "../support/replaced.ts";
import { callPlatform } from "../support/targets-files.ts";
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

const PATH = "/v1/notifications/messages";
const send = (body: unknown): Promise<Answer> => callPlatform(app, "POST", PATH, body);
const GOOD = { template: { key: "plain" }, targets: ["fault"], mode: "realtime" };
const BATCH = { ...GOOD, mode: "batch" };
const pairs = (count: number, value: unknown = "v") =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, value]));

describe("a wrong call is answered with {error, code, message}", () => {
  it.each<[string, unknown, number, number, RegExp]>([
    ["no fields", {}, 400, 400111, /template.*mode.*targets|mode.*targets.*template/s],
    ["no JSON", "{", 400, 400111, /JSON/],
    [
      "a file key that is no text",
      { ...BATCH, targets: undefined, targets_filename: { toString: 1, valueOf: 1 } },
      400,
      400111,
      /targets_filename: must be the file key/,
    ],
    ["no mode", { ...GOOD, mode: undefined }, 400, 400111, /mode: is required/],
    ["another mode", { ...GOOD, mode: "real-time" }, 400, 400111, /mode: must be/],
    ["no template key", { ...GOOD, template: {} }, 400, 400111, /template\.key/],
    ["no targets", { ...GOOD, targets: [] }, 400, 400111, /targets/],
    ["two targets in realtime", { ...GOOD, targets: ["a", "b"] }, 400, 400111, /targets: has 2 users/],
    ["10,001 targets", { ...BATCH, targets: Array(10_001).fill("a") }, 400, 400111, /targets file/],
    ["a target that is none", { ...GOOD, targets: [1] }, 400, 400111, /targets\[0\]/],
    ["another priority", { ...BATCH, priority: "urgent" }, 400, 400111, /priority/],
    ["a long title", { ...GOOD, title: "x".repeat(257) }, 400, 400111, /title/],
    ["six push pairs", withPush(pairs(6)), 400, 400111, /notification_push_data: has more than 5 pairs/],
    [
      "a push value that is no text",
      withPush({ key0: { nested: 1 } }),
      400,
      400111,
      /notification_push_data\.key0/,
    ],
    ["a list of variables", withVariables([]), 400, 400111, /template\.variables/],
    [
      "variables of a user that are none",
      withVariables({ fault: "x" }),
      400,
      400111,
      /template\.variables\.fault/,
    ],
    ["targets and a file", { ...BATCH, targets_filename: "a.csv" }, 400, 400111, /not both/],
    [
      "a file in realtime",
      { ...GOOD, targets: undefined, targets_filename: "a" },
      400,
      400111,
      /targets_filename/,
    ],
    [
      "an unknown file",
      { ...BATCH, targets: undefined, targets_filename: "a" },
      400,
      400111,
      /no targets file "a"/,
    ],
    ["an unknown template", { ...GOOD, template: { key: "none" } }, 404, 400201, /none/],
    ["a draft", { ...GOOD, template: { key: "draft" } }, 409, 403101, /draft/],
  ])("that has %s", async (_, body, status, code, message) => {
    const answer = await send(body);
    expect([answer.status, answer.body]).toEqual([
      status,
      { error: true, code, message: expect.stringMatching(message) },
    ]);
  });

  it("and takes five push pairs", async () => {
    expect((await send(withPush(pairs(5)))).status).toBe(200);
  });

  it("also where there is nothing, and by another method", async () => {
    const nothing = await callPlatform(app, "GET", "/v1/none");
    expect([nothing.status, nothing.body]).toEqual([
      404,
      { error: true, code: 400201, message: expect.any(String) },
    ]);
    const method = await callPlatform(app, "GET", PATH);
    expect([method.status, method.headers.get("allow"), method.body.code]).toEqual([405, "POST", 400404]);
  });

  it("and a repeated Idempotency-Key with another body", async () => {
    const headers = { "api-token": app.apiKey, "idempotency-key": "k" };
    expect((await call("POST", PATH, { headers, body: GOOD })).status).toBe(200);
    const { status, body } = await call("POST", PATH, { headers, body: BATCH });
    expect([status, body.code]).toEqual([409, 400202]);
  });
});

function withPush(notification_push_data: unknown): object {
  return { ...GOOD, template: { key: "plain", notification_push_data } };
}
function withVariables(variables: unknown): object {
  return { ...GOOD, template: { key: "plain", variables } };
}

describe("the Api-Token", () => {
  it("is needed; appid and apikey don't count", async () => {
    const wrong = [{}, app.headers, { "api-token": "wrong" }, { "api-token": `${app.apiKey}0` }];
    for (const headers of wrong as Record<string, string>[]) {
      const { status, body } = await call("POST", PATH, { headers, body: GOOD });
      expect([status, body]).toEqual([401, { error: true, code: 400401, message: expect.any(String) }]);
    }
  });

  it("needs the scope to send", async () => {
    const { body: key } = await callAsAdmin("POST", `/admin/apps/${app.id}/keys`, {
      name: "r",
      scopes: ["read"],
    });
    const headers = { "api-token": key.apiKey };
    const { status, body } = await call("POST", PATH, { headers, body: GOOD });
    expect([status, body]).toEqual([403, { error: true, code: 403100, message: expect.any(String) }]);
  });
});

describe("priorities", () => {
  it("have queues of their own: a high batch overtakes a low one that was sent before it", async () => {
    const [low, high] = [new CapturingQueue(), new CapturingQueue()];
    const queues = { DELIVERIES_LOW: low.binding, DELIVERIES_HIGH: high.binding };
    const headers = { "api-token": app.apiKey };
    const sendTo = async (priority: string, targets: string[]) =>
      (await postWith(queues, PATH, headers, { ...BATCH, priority, targets })).body.notification_id;
    const lowId = await sendTo("low", ["low-1", "low-2"]);
    const highId = await sendTo("high", ["high-1"]);
    expect([low.messages.length, high.messages.length]).toEqual([1, 1]);
    await consume(high.messages);
    expect(await app.notification(lowId)).toMatchObject({
      state: "sending",
      counts: { "in-app-alerts": { pending: 2, delivered: 0 } },
    });
    await waitUntilCompleted(app, highId);
    await consume(low.messages);
    await waitUntilCompleted(app, lowId);
  });
});
