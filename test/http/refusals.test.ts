import { beforeAll, describe, expect, it } from "vitest";
import {
  API,
  type Body,
  callAsAdmin,
  createChannels,
  createReadyApp,
  fetchWorker,
  type TestApp,
} from "../support/api.ts";

/** What every answer to a refused call is below. */
const MAX_BYTES = 64 * 1024;
const MB = 1024 * 1024;

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
  await createChannels(app);
});

interface Refusal {
  status: number;
  bytes: number;
  error: Body;
}

async function refusalOf(method: string, path: string, body: string): Promise<Refusal> {
  const response = await fetchWorker(`https://onecall.test${path}`, {
    method,
    headers: { "content-type": "application/json", ...app.headers, "api-token": app.apiKey },
    body,
  });
  const text = await response.text();
  const { error, ...rest } = JSON.parse(text);
  return {
    status: response.status,
    bytes: new TextEncoder().encode(text).length,
    error: error === true ? rest : error,
  };
}

const ones = (count: number) => `[${"1,".repeat(count - 1)}1]`;
const keys = (count: number, prefix = "") =>
  `{${Array.from({ length: count }, (_, index) => `"${prefix}${index}":1`).join(",")}}`;
const nowhere = `${API}/notifications/01a1fd76-d57a-7012-aa0a-7d2df0e14cc2`;

describe("a call with more faults than anybody reads", () => {
  it.each([
    ["reasons of numbers", "POST", `${nowhere}/retry`, `{"reasons":${ones(40_000)}}`],
    [
      "events of numbers",
      "POST",
      `${API}/webhooks`,
      `{"url":"https://example.com","events":${ones(40_000)}}`,
    ],
    ["channel keys of numbers", "POST", `${API}/templates`, `{"name":"x","channelKeys":${ones(40_000)}}`],
    [
      "content of strange channels",
      "POST",
      `${API}/templates`,
      `{"name":"x","channelKeys":[],"content":${keys(20_000)}}`,
    ],
    ["strange definitions", "POST", `${API}/templates`, `{"name":"x","variableSchema":${keys(20_000)}}`],
    [
      "push data of numbers",
      "POST",
      `${API}/notifications/send`,
      `{"template":{"key":"t","notificationPushData":${keys(200_000)}},"targets":["a"],"mode":"realtime"}`,
    ],
    [
      "variables that aren't keyed",
      "POST",
      "/v2/notifications/messages",
      `{"template":{"key":"t","variables":${keys(200_000)}},"targets":["a"],"mode":"batch"}`,
    ],
    [
      "receivers that are numbers",
      "POST",
      "/v3/campaigns/notifications/messages",
      `{"templateId":"t","receivers":${ones(10_000)}}`,
    ],
    [
      "users with names of 255 bytes",
      "POST",
      `${API}/notifications/send`,
      `{"template":{"key":"t","variables":${keys(5_000, "\\u0001é".repeat(80))}},"targets":["a"],"mode":"batch"}`,
    ],
  ])("%s: is refused in less than 64 KB", async (_, method, path, body) => {
    const { status, bytes, error } = await refusalOf(method, path, body);
    expect([status, error.message]).toEqual([400, expect.any(String)]);
    expect(bytes).toBeLessThan(MAX_BYTES);
    expect(Object.keys(error.details ?? {}).length).toBeLessThanOrEqual(20);
  });

  it("names twenty of them, and says how many more there are", async () => {
    const send = { template: { key: "order-confirmation" }, targets: Array(10_000).fill(""), mode: "batch" };
    const { body } = await app.send(send);
    expect(Object.keys(body.error.details)).toHaveLength(20);
    expect(body.error.message).toMatch(/^10000 fields are wrong: targets\[0\], .* and 9980 more$/);
  });

  it("says how long a list may be before it looks at its entries", async () => {
    const { error } = await refusalOf("POST", `${nowhere}/retry`, `{"reasons":${ones(1_000)}}`);
    expect(error.details).toEqual({ reasons: "has more than 50 entries" });
  });

  it("shows the caller's own names cut", async () => {
    const name = "n".repeat(5_000);
    const { body } = await app.api("POST", "/templates", { name: "x", channelKeys: [name] });
    expect(body.error.details["channelKeys[0]"].length).toBeLessThan(200);
    const admin = await callAsAdmin("POST", "/admin/apps", { name: 1, id: name });
    expect(JSON.stringify(admin.body).length).toBeLessThan(1000);
  });
});

describe("the approval of a megabyte of placeholders", () => {
  it("is refused, naming twenty", async () => {
    const channelKeys = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const key = `wide-${index}`;
        await app.api("POST", "/channels", { name: key, key, type: "in_app" });
        return key;
      }),
    );
    const text = "{{a}}".repeat(6_500);
    const content = Object.fromEntries(channelKeys.map((key) => [key, { text }]));
    expect((await app.api("POST", "/templates", { name: "wide", channelKeys, content })).status).toBe(201);
    const body = JSON.stringify({ status: "approved" });
    const { status, bytes, error } = await refusalOf("PUT", `${API}/templates/wide`, body);
    expect([status, error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(bytes).toBeLessThan(MAX_BYTES);
    expect(error.details["content.wide-0.text"]).toMatch(/\{\{a\}\}/);
    expect(error.message).toMatch(/ and 194980 more$/);
  });
});

describe("a body of small values", () => {
  const many = (count: number, value: string) => `[${`${value},`.repeat(count - 1)}${value}]`;

  it.each(["{}", "[]", "1", '""', "null"])("of %s has at most 50,000, in a send 250,000", async (value) => {
    const user = (count: number) => `{"uid":"many","metadata":${many(count, value)}}`;
    expect((await refusalOf("POST", "/v3/business-messaging/api/users", user(50_000 - 3))).status).toBe(400);
    const refused = await refusalOf("POST", "/v3/business-messaging/api/users", user(50_000 - 2));
    expect([refused.status, refused.error.message]).toEqual([
      413,
      expect.stringMatching(/50000 JSON values/),
    ]);
    const send = (count: number) => `{"x":${many(count, value)}}`;
    const path = `${API}/notifications/send`;
    expect((await refusalOf("POST", path, send(250_000 - 2))).status).toBe(400);
    expect((await refusalOf("POST", path, send(250_000 - 1))).status).toBe(413);
  });

  it("with 16 MB of a send in it is refused", async () => {
    const body = `{"x":[${"{},".repeat(5 * MB)}{}]}`;
    const { status, error } = await refusalOf("POST", `${API}/notifications/send`, body);
    expect([status, error.code]).toEqual([413, "ERR_PAYLOAD_TOO_LARGE"]);
  });
});
