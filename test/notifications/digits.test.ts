import { beforeAll, describe, expect, it } from "vitest";
import { API, type Body, createReadyApp, fetchWorker, type TestApp } from "../support/api.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

/** A send whose JSON is given as text. */
async function send(
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Body }> {
  const response = await fetchWorker(`https://onecall.test${API}/notifications/send`, {
    method: "POST",
    headers: { ...app.headers, "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, body: await response.json() };
}

const textOf = async (uid: string) =>
  (await (await app.asUser(uid))("GET", "/feed")).body.data.map(({ content }: Body) => content.text);

const NUMBERS = [
  "9007199254740993",
  "12345678901234567890",
  "1.10",
  "1e3",
  "-0",
  "0.1",
  "1",
  "-1.50",
  "1e999",
];

describe("a number in variables", () => {
  it.each(NUMBERS)("%s reaches the user with its digits, in realtime and in batch", async (number) => {
    const flat = `{"customerName":${number},"orderId":"x"}`;
    for (const [uid, variables, mode] of [
      [`flat ${number}`, flat, "realtime"],
      [`keyed ${number}`, `{"keyed ${number}":${flat}}`, "realtime"],
      [`batch ${number}`, `{"batch ${number}":${flat}}`, "batch"],
    ] as const) {
      const template = `{"key":"order-confirmation","variables":${variables}}`;
      const { status, body } = await send(`{"template":${template},"targets":["${uid}"],"mode":"${mode}"}`);
      expect(status).toBe(200);
      await waitUntilCompleted(app, body.notificationId);
      expect(await textOf(uid)).toEqual([`Hello ${number}, your order is x.`]);
    }
  });

  it("keeps its digits beside a targets file", async () => {
    await uploadCsv(app, "digits.csv", "user_id,customerName,orderId\nfiled,Mia,1.10\n");
    const template =
      '{"key":"order-confirmation","variables":{"filed":{"customerName":12345678901234567890}}}';
    const { body } = await send(`{"template":${template},"mode":"batch","targetsFile":"digits.csv"}`);
    await waitUntilCompleted(app, body.notificationId);
    expect(await textOf("filed")).toEqual(["Hello 12345678901234567890, your order is 1.10."]);
  });

  it("keeps its digits as a variable's default, beside a content whose numbers are numbers", async () => {
    const content = '{"in-app-alerts":{"text":"{{price}} {{photo.width}}","size":1.50,"list":[1e2]}}';
    const photo = '{"type":"image","default":{"url":"https://e.com/a.png","width":2.50,"height":3}}';
    const schema = `{"price":{"type":"string","default":1.10},"photo":${photo}}`;
    const template = `"key":"priced","channelKeys":["in-app-alerts"],"content":${content},"variableSchema":${schema}`;
    const made = await app.api("POST", "/templates", `{"name":"Priced",${template}}`);
    expect(made.status).toBe(201);
    expect(made.body.content["in-app-alerts"]).toMatchObject({ size: 1.5, list: [100] });
    expect(made.body.variableSchema.price.default).toBe("1.10");
    expect((await app.api("PUT", "/templates/priced", { status: "approved" })).status).toBe(200);
    await send('{"template":{"key":"priced"},"targets":["payer"],"mode":"realtime"}');
    expect(await textOf("payer")).toEqual(["1.10 2.5"]);
  });

  it("is no text where a text is meant, and no object", async () => {
    for (const body of [
      '{"template":{"key":1.10},"targets":["a"],"mode":"realtime"}',
      '{"template":1.10,"targets":["a"],"mode":"realtime"}',
      '{"template":{"key":"order-confirmation"},"targets":[1.10],"mode":"realtime"}',
      '{"template":{"key":"order-confirmation"},"targets":1.10,"mode":1.10}',
      '{"template":{"key":"order-confirmation","variables":{"a":1.10}},"targets":["a"],"mode":"batch"}',
      '{"template":{"key":"order-confirmation"},"targetsFile":1.10,"mode":"batch"}',
      "1.10",
    ]) {
      expect((await send(body)).status, body).toBe(400);
    }
  });

  it("makes another request of another number, for an Idempotency-Key", async () => {
    const body = (number: string) =>
      `{"template":{"key":"order-confirmation","variables":{"customerName":${number},"orderId":1}},"targets":["idem"],"mode":"realtime"}`;
    const headers = { "idempotency-key": "digits" };
    expect((await send(body("12345678901234567890"), headers)).status).toBe(200);
    expect((await send(body("12345678901234567890"), headers)).status).toBe(200);
    expect((await send(body("12345678901234567891"), headers)).status).toBe(409);
  });

  it("keeps its digits in a preview", async () => {
    const response = await fetchWorker(`https://onecall.test${API}/templates/order-confirmation/preview`, {
      method: "POST",
      headers: { ...app.headers, "content-type": "application/json" },
      body: '{"variables":{"customerName":1.10,"orderId":12345678901234567890}}',
    });
    expect((await response.json<Body>()).content["in-app-alerts"].text).toBe(
      "Hello 1.10, your order is 12345678901234567890.",
    );
  });
});

describe("half of an emoji", () => {
  const HALF = '"\\ud83d"';

  it("is refused in realtime, and fails that delivery in batch", async () => {
    const template = (uid: string) =>
      `{"key":"order-confirmation","variables":{"${uid}":{"customerName":${HALF},"orderId":1}}}`;
    const refused = await send(`{"template":${template("half-1")},"targets":["half-1"],"mode":"realtime"}`);
    expect([refused.status, refused.body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    const { body } = await send(
      `{"template":${template("half-2")},"targets":["half-2","half-3"],"mode":"batch"}`,
    );
    const { counts } = await waitUntilCompleted(app, body.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 1, failed: { invalid_variables: 1 } });
    expect(await textOf("half-2")).toEqual([]);
  });

  it("is refused in a template's content, its keys and its defaults", async () => {
    for (const fields of [
      `"content":{"in-app-alerts":{"text":${HALF}}}`,
      `"content":{"in-app-alerts":{"list":[{"a":${HALF}}]}}`,
      `"content":{"in-app-alerts":{${HALF}:1}}`,
      `"variableSchema":{"a":{"type":"string","default":${HALF}}}`,
      `"variableSchema":{"a":{"type":"image","default":{"url":${HALF},"width":1,"height":1}}}`,
    ]) {
      const body = `{"name":"half","channelKeys":["in-app-alerts"],${fields}}`;
      expect((await app.api("POST", "/templates", body)).status, fields).toBe(400);
    }
  });

  it("is refused in push data", async () => {
    for (const data of [`{"a":${HALF}}`, `{${HALF}:"a"}`]) {
      const template = `{"key":"order-confirmation","notificationPushData":${data}}`;
      const { status } = await send(`{"template":${template},"targets":["a"],"mode":"batch"}`);
      expect(status).toBe(400);
    }
  });
});
