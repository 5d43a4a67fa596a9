import { beforeAll, describe, expect, it } from "vitest";
import { call, createApp, createChannels, createTemplate, type TestApp } from "../support/api.ts";

/** Every example of seeds 000, 001 and 002, sent as it stands there. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
  await createChannels(app);
  await createTemplate(app, {
    channelKeys: ["in-app-alerts", "mobile-push"],
    content: {
      "in-app-alerts": { text: "Hello {{customerName}}, your order is {{orderId}}." },
      "mobile-push": { title: "Order confirmed", body: "{{orderId}}" },
    },
  });
  await createTemplate(app, {
    key: "appointment-reminder",
    channelKeys: ["in-app-alerts", "mobile-push"],
    content: {
      "in-app-alerts": { text: "{{name}}: {{appointment_number}}", photo: "{{photo}}", button: "{{cta}}" },
      "mobile-push": { title: "Reminder", body: "{{name}}" },
    },
    variableSchema: {
      name: { type: "string" },
      appointment_number: { type: "string" },
      photo: { type: "image", required: false },
      cta: { type: "action", required: false },
    },
  });
  await createTemplate(app, {
    key: "system-maintenance-notice",
    content: { "in-app-alerts": { text: "We are down at noon." } },
    variableSchema: {},
  });
});

const SEED_000 = {
  template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "ORD-12345" } },
  targets: ["user-jane-123"],
  mode: "realtime",
  title: "Order Confirmed",
  tag: "orders",
};

const SEED_001 = {
  template: {
    key: "appointment-reminder",
    variables: {
      user_1: {
        name: "Bob",
        appointment_number: "32893",
        photo: { url: "https://example.com/bob.jpg", width: 100, height: 100 },
        cta: { type: "web", data: "https://example.com/appointments/32893" },
      },
      user_2: {
        name: "Alice",
        appointment_number: "44521",
        photo: { url: "https://example.com/alice.jpg", width: 100, height: 100 },
        cta: { type: "web", data: "https://example.com/appointments/44521" },
      },
    },
  },
  targets: ["user_1", "user_2"],
  mode: "batch",
  title: "Appointment Reminder",
  tag: "appointments",
};

describe("the examples of the seeds", () => {
  it("answers seed 000's realtime example with seed 000's response, field for field", async () => {
    const { status, body } = await app.send(SEED_000);
    expect(status).toBe(200);
    expect(body).toStrictEqual({
      notificationId: expect.stringMatching(UUID),
      templateKey: "order-confirmation",
      channels: ["in_app", "push"],
      mode: "realtime",
      title: "Order Confirmed",
      tag: "orders",
      sentFrom: "api",
      createdAt: expect.stringMatching(ISO_TIME),
    });
  });

  it("takes the same call at the seeds' short path", async () => {
    expect((await app.call("POST", "/api/notifications/send", SEED_000)).status).toBe(200);
  });

  it("answers seed 001's batch example with seed 001's response, field for field", async () => {
    const { status, body } = await app.send(SEED_001);
    expect(status).toBe(200);
    expect(body).toStrictEqual({
      notificationId: expect.stringMatching(UUID),
      templateKey: "appointment-reminder",
      channels: [
        { key: "in-app-alerts", type: "in_app" },
        { key: "mobile-push", type: "push" },
      ],
      mode: "batch",
      title: "Appointment Reminder",
      tag: "appointments",
      sentFrom: { type: "api", value: `****${app.apiKey.slice(-4)}` },
      createdAt: expect.stringMatching(ISO_TIME),
    });
  });

  it("takes seed 001's example of three users without title and tag", async () => {
    const variables = {
      user_1: { name: "Bob", appointment_number: "32893" },
      user_2: { name: "Alice", appointment_number: "44521" },
      user_3: { name: "Charlie", appointment_number: "55102" },
    };
    const { status, body } = await app.send({
      template: { key: "appointment-reminder", variables },
      targets: ["user_1", "user_2", "user_3"],
      mode: "batch",
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ title: null, tag: null });
  });

  it("takes seed 001's batch without variables", async () => {
    const { status, body } = await app.send({
      template: { key: "system-maintenance-notice" },
      targets: ["user_1", "user_2", "user_3", "user_4", "user_5"],
      mode: "batch",
      title: "Scheduled Maintenance",
      tag: "system",
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ templateKey: "system-maintenance-notice", mode: "batch", tag: "system" });
  });

  it("answers seed 002's example with a null tag", async () => {
    const { tag: _, ...withoutTag } = SEED_000;
    const { status, body } = await app.send(withoutTag);
    expect(status).toBe(200);
    expect(body).toMatchObject({ title: "Order Confirmed", tag: null });
  });

  it("takes the template's id in place of its key", async () => {
    const { id } = (await app.api("GET", "/templates/order-confirmation")).body;
    const { key: _, ...template } = SEED_000.template;
    const { status, body } = await app.send({ ...SEED_000, template: { ...template, id } });
    expect(status).toBe(200);
    expect(body.templateKey).toBe("order-confirmation");
  });

  it("takes realtime variables keyed by user, as the batch form has them", async () => {
    const variables = { "user-keyed": { customerName: "Kim", orderId: "K-1" } };
    const sent = await app.send({
      ...SEED_000,
      template: { key: "order-confirmation", variables },
      targets: ["user-keyed"],
    });
    expect(sent.status).toBe(200);
    const kim = await app.asUser("user-keyed");
    expect((await kim("GET", "/feed")).body.data[0].content.text).toBe("Hello Kim, your order is K-1.");
  });
});

describe("the error codes of the seeds", () => {
  const cases: [name: string, change: object, status: number, code: string, field?: string][] = [
    ["no mode", { mode: undefined }, 400, "ERR_BAD_REQUEST", "mode"],
    ["another mode", { mode: "later" }, 400, "ERR_INVALID_MODE", "mode"],
    ["no targets", { targets: undefined }, 400, "ERR_BAD_REQUEST", "targets"],
    ["empty targets", { targets: [] }, 400, "ERR_BAD_REQUEST", "targets"],
    ["a target that is no id", { targets: [42] }, 400, "ERR_BAD_REQUEST", "targets[0]"],
    ["two realtime targets", { targets: ["a", "b"] }, 400, "ERR_TARGET_LIMIT_EXCEEDED", "targets"],
    [
      "10,001 batch targets",
      {
        mode: "batch",
        template: { key: "order-confirmation" },
        targets: Array.from({ length: 10_001 }, (_, i) => `u${i}`),
      },
      400,
      "ERR_TARGET_LIMIT_EXCEEDED",
      "targets",
    ],
    ["no template", { template: undefined }, 400, "ERR_BAD_REQUEST"],
    ["neither key nor id", { template: {} }, 400, "ERR_BAD_REQUEST", "template.key"],
    ["key and id", { template: { key: "a", id: "b" } }, 400, "ERR_BAD_REQUEST", "template.id"],
    ["an unknown template", { template: { key: "nope" } }, 404, "ERR_TEMPLATE_NOT_FOUND"],
    [
      "a missing variable",
      { template: { key: "order-confirmation", variables: { customerName: "Jane" } } },
      400,
      "ERR_INVALID_VARIABLES",
      "template.variables.orderId",
    ],
    [
      "a variable of the wrong type",
      { template: { key: "order-confirmation", variables: { customerName: ["J"], orderId: "1" } } },
      400,
      "ERR_INVALID_VARIABLES",
      "template.variables.customerName",
    ],
    [
      "batch variables that aren't keyed by user",
      { mode: "batch" },
      400,
      "ERR_INVALID_VARIABLES",
      "template.variables.customerName",
    ],
    ["a title that is no text", { title: 7 }, 400, "ERR_BAD_REQUEST", "title"],
    ["a tag over 256 characters", { tag: "x".repeat(257) }, 400, "ERR_BAD_REQUEST", "tag"],
    [
      "push data that isn't text",
      { template: { ...SEED_000.template, notificationPushData: { badge: [1] } } },
      400,
      "ERR_BAD_REQUEST",
      "template.notificationPushData.badge",
    ],
    ["a priority in realtime", { priority: "high" }, 400, "ERR_BAD_REQUEST", "priority"],
    ["an expiry in the past", { expiresAt: "2020-01-01T00:00:00Z" }, 400, "ERR_BAD_REQUEST", "expiresAt"],
  ];

  it.each(cases)("refuses %s", async (_name, change, status, code, field) => {
    const answer = await app.send({ ...SEED_000, ...change });
    expect(answer.body.error).toMatchObject({
      code,
      message: expect.any(String),
      devMessage: expect.any(String),
    });
    expect(answer.status).toBe(status);
    if (field !== undefined) expect(answer.body.error.details).toHaveProperty([field]);
  });

  it("names every wrong field of one call in one answer", async () => {
    const { body } = await app.send({ template: {}, targets: "jane", title: 1, tag: 2 });
    expect(body.error.code).toBe("ERR_BAD_REQUEST");
    expect(Object.keys(body.error.details).sort()).toEqual([
      "mode",
      "tag",
      "targets",
      "template.key",
      "title",
    ]);
  });

  it("refuses a draft with 409", async () => {
    await app.api("POST", "/templates", { name: "Draft", channelKeys: ["in-app-alerts"] });
    const { status, body } = await app.send({ ...SEED_000, template: { key: "draft" } });
    expect([status, body.error.code]).toEqual([409, "ERR_TEMPLATE_NOT_APPROVED"]);
  });

  it("refuses a template without an enabled channel", async () => {
    await app.api("POST", "/channels", { name: "Closed", type: "in_app" });
    await createTemplate(app, {
      key: "closed",
      channelKeys: ["closed"],
      content: { closed: {} },
      variableSchema: {},
    });
    await app.api("PUT", "/channels/closed", { enabled: false });
    const { status, body } = await app.send({ ...SEED_000, template: { key: "closed" } });
    expect([status, body.error.code]).toEqual([400, "ERR_NO_CHANNELS"]);
  });

  it("refuses calls without, or with wrong, credentials with 401", async () => {
    const path = "/v3/business-messaging/api/notifications/send";
    const wrong: Record<string, string>[] = [
      {},
      { appid: app.id, apikey: "wrong" },
      { appid: "other", apikey: app.apiKey },
    ];
    for (const headers of wrong) {
      const { status, body } = await call("POST", path, { headers, body: SEED_000 });
      expect([status, body.error.code]).toEqual([401, "ERR_UNAUTHORIZED"]);
    }
  });

  it("leaves nothing behind after a refused call", async () => {
    await app.send({ ...SEED_000, targets: ["user-untouched"], template: { key: "order-confirmation" } });
    const user = await app.asUser("user-untouched");
    expect((await user("GET", "/feed")).body.data).toEqual([]);
  });
});
