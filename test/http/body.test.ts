import { beforeAll, describe, expect, it } from "vitest";
import {
  ADMIN_TOKEN,
  API,
  type Body,
  call,
  callAsAdmin,
  createReadyApp,
  fetchWorker,
  type TestApp,
} from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

/** A request whose body and content type are just as given. */
async function post(
  path: string,
  body: BodyInit | null,
  contentType: string | null = "application/json",
): Promise<{ status: number; error: Body }> {
  const headers = new Headers(app.headers);
  if (contentType !== null) headers.set("content-type", contentType);
  const response = await fetchWorker(`https://onecall.test${path}`, {
    method: "POST",
    headers,
    body,
  });
  return { status: response.status, error: (await response.json<Body>()).error };
}

/** JSON of a user whose metadata makes the body nest that deep. */
const nested = (uid: string, depth: number) =>
  `{"uid":"${uid}","metadata":${'{"a":'.repeat(depth - 1)}1${"}".repeat(depth - 1)}}`;

describe("a body", () => {
  it("that isn't there is refused where there must be one", async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    for (const [method, path] of [
      ["DELETE", `/admin/apps/${app.id}`],
      ["POST", "/admin/apps"],
    ] as const) {
      const { status, body } = await call(method, path, { headers });
      expect([status, body.error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    }
  });

  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON ;charset=UTF-8"])(
    "is taken as %s",
    async (contentType) => {
      const uid = `typed as ${contentType}`;
      expect(
        (await post("/v3/business-messaging/api/users", JSON.stringify({ uid }), contentType)).status,
      ).toBe(201);
    },
  );

  it.each([
    null,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "text/json",
    "multipart/form-data",
  ])("isn't taken as %s", async (contentType) => {
    const { status, error } = await post(
      "/v3/business-messaging/api/users",
      new TextEncoder().encode('{"uid":"typed"}'),
      contentType,
    );
    expect([status, error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    expect(error.message).toMatch(/application\/json/);
  });

  it.each(["", "{", '{"uid":"a"}x', "{'uid':'a'}", '{"uid":"a\n"}', "undefined", '{"uid":NaN}'])(
    "of %j isn't valid JSON",
    async (text) => {
      const { status, error } = await post("/v3/business-messaging/api/users", text);
      expect([status, error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    },
  );

  it.each(["null", "[]", "7", '"text"', "true"])("of %s isn't an object", async (text) => {
    for (const path of [
      "/v3/business-messaging/api/users",
      `${API}/channels`,
      `${API}/templates`,
      `${API}/notifications/send`,
    ]) {
      const { status, error } = await post(path, text);
      expect([path, status, error.code]).toEqual([path, 400, "ERR_BAD_REQUEST"]);
    }
  });

  it("must be UTF-8; a byte order mark is allowed", async () => {
    const bytes = (...values: number[]) => new Uint8Array(values);
    const text = [...new TextEncoder().encode('{"uid":"bom"}')];
    expect((await post("/v3/business-messaging/api/users", bytes(0xef, 0xbb, 0xbf, ...text))).status).toBe(
      201,
    );
    const { status, error } = await post("/v3/business-messaging/api/users", bytes(...text.with(8, 0xff)));
    expect([status, error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
  });

  it("may nest 20 levels and no more", async () => {
    expect((await post("/v3/business-messaging/api/users", nested("deep", 20))).status).toBe(201);
    const { status, error } = await post("/v3/business-messaging/api/users", nested("deeper", 21));
    expect([status, error.code]).toEqual([400, "ERR_BAD_REQUEST"]);
    expect((await post("/v3/business-messaging/api/users", "[".repeat(500_000))).status).toBe(400);
  });

  it("isn't deep for the brackets in its texts", async () => {
    const metadata = { text: `${"[{".repeat(50)}\\"${"{".repeat(50)}` };
    expect(
      (await post("/v3/business-messaging/api/users", JSON.stringify({ uid: "brackets", metadata }))).status,
    ).toBe(201);
  });
});

describe("the size of a body", () => {
  const padded = (fields: object, bytes: number) => {
    const text = JSON.stringify(fields);
    return text + " ".repeat(bytes - text.length);
  };
  const streamed = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 65_536) controller.enqueue(bytes.subarray(at, at + 65_536));
        controller.close();
      },
    });
  };

  it("is at most 1 MB, whether it is told beforehand or not", async () => {
    const limit = 1024 * 1024;
    expect((await post("/v3/business-messaging/api/users", padded({ uid: "large-1" }, limit))).status).toBe(
      201,
    );
    expect(
      (await post("/v3/business-messaging/api/users", streamed(padded({ uid: "large-2" }, limit)))).status,
    ).toBe(201);
    for (const body of [
      padded({ uid: "too-large" }, limit + 1),
      streamed(padded({ uid: "too-large" }, limit + 1)),
    ]) {
      const { status, error } = await post("/v3/business-messaging/api/users", body);
      expect([status, error.code]).toEqual([413, "ERR_PAYLOAD_TOO_LARGE"]);
    }
  });

  it("is at most 16 MB for a send", async () => {
    const limit = 16 * 1024 * 1024;
    const template = { key: "order-confirmation", variables: { customerName: "J", orderId: 1 } };
    const send = { template, targets: ["jane"], mode: "realtime" };
    expect((await post(`${API}/notifications/send`, padded(send, limit))).status).toBe(200);
    const { status, error } = await post(`${API}/notifications/send`, padded(send, limit + 1));
    expect([status, error.code]).toEqual([413, "ERR_PAYLOAD_TOO_LARGE"]);
  });
});

describe("what a caller got wrong", () => {
  it("is named with what would be right, field by field", async () => {
    const { error } = await post(`${API}/channels`, '{"name":"","type":"sms","enabled":1}');
    expect(error.details).toEqual({
      name: "must be a text of 1 to 128 characters",
      type: 'must be "in_app" or "push" or "webhook"',
      enabled: "must be true or false",
    });
    for (const field of ["name", "type", "enabled"]) expect(error.message).toContain(field);
  });

  it("is named where it is missing altogether", async () => {
    const { error } = await post(`${API}/channels`, "{}");
    expect(Object.keys(error.details).sort()).toEqual(["name", "type"]);
    expect(error.details.name).toMatch(/required/);
  });

  it("is named also where only several rules together find it", async () => {
    const { error } = await post(
      `${API}/templates`,
      JSON.stringify({ name: "", channelKeys: ["sms"], content: { "mobile-push": {} } }),
    );
    expect(Object.keys(error.details)).toContain("name");
    expect(Object.keys(error.details)).toContain("channelKeys[0]");
  });
});

describe("names that every object has", () => {
  it("are unknown fields like any other, and change nothing for others", async () => {
    const text =
      '{"uid":"proto","__proto__":{"name":"polluted","role":"x"},"constructor":{"prototype":{"role":"y"}}}';
    const refused = await post("/v3/business-messaging/api/users", text);
    expect([refused.status, Object.keys(refused.error.details)]).toEqual([400, ["__proto__", "constructor"]]);
    expect((await post("/v3/business-messaging/api/users", '{"uid":"proto"}')).status).toBe(201);
    const { body } = await app.call("GET", "/v3/business-messaging/api/users/proto");
    expect(body).toMatchObject({ name: "proto", role: "default" });
    expect(Object.keys({})).toEqual([]);
    expect(({} as { role?: string }).role).toBeUndefined();
  });

  it("don't stand for a field that is missing", async () => {
    const { status, error } = await post(
      "/v3/business-messaging/api/users",
      '{"__proto__":{"uid":"inherited"}}',
    );
    expect([status, Object.keys(error.details)]).toEqual([400, ["uid", "__proto__"]]);
    const body = '{"__proto__":{"id":"inherited","name":"n"}}';
    expect((await callAsAdmin("POST", "/admin/apps", body)).status).toBe(400);
  });

  it("are variables, users and channels like any other", async () => {
    await app.api("POST", "/channels", { name: "Constructor", type: "in_app" });
    const created = await app.api("POST", "/templates", {
      name: "toString",
      channelKeys: ["constructor"],
      content: { constructor: { text: "{{valueOf}} {{constructor}}" } },
      variableSchema: { valueOf: { type: "string" }, constructor: { type: "string", required: false } },
    });
    expect(created.status).toBe(201);
    expect((await app.api("PUT", "/templates/tostring", { status: "approved" })).status).toBe(200);
    const send = {
      template: { key: "tostring", variables: { valueOf: "V" } },
      targets: ["__proto__"],
      mode: "realtime",
    };
    const { notificationId } = (await app.send(send)).body;
    const { data } = (await (await app.asUser("__proto__"))("GET", "/feed")).body;
    expect(data[0].content).toEqual({ text: "V " });
    expect((await app.notification(notificationId)).counts.constructor).toMatchObject({
      total: 1,
      delivered: 1,
    });
    const missing = await app.send({ ...send, template: { key: "tostring" } });
    expect([missing.status, Object.keys(missing.body.error.details)]).toEqual([
      400,
      ["template.variables.valueOf"],
    ]);
  });
});
