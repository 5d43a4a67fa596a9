import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Body, call, createApp, createTemplate, type TestApp } from "../support/api.ts";
import { callPlatform, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
  await app.api("POST", "/channels", { name: "Message center", type: "in_app" });
  await app.api("POST", "/channels", { name: "Push", type: "push" });
  await createTemplate(app, {
    key: "appointment-reminder",
    channelKeys: ["message-center", "push"],
    content: {
      "message-center": { text: "{{name}}: appointment {{appointment_number}}" },
      push: { title: "Reminder", body: "{{name}}" },
    },
    variableSchema: { name: { type: "string" }, appointment_number: { type: "string" } },
  });
});

const variables = { "sendbird-user_1": { name: "Bob Barker", appointment_number: "32893" } };
// Seed 004's example.
const REALTIME = {
  template: {
    key: "appointment-reminder",
    variables,
    notification_push_data: { key: "value1", key2: "value2" },
  },
  targets: ["sendbird-user_1"],
  mode: "realtime",
  tag: "appointments",
  title: "Appointment Reminder",
};
const ANSWER = {
  notification_id: expect.stringMatching(/./),
  template_key: "appointment-reminder",
  channels: [
    { key: "message-center", type: "feed" },
    { key: "push", type: "push" },
  ],
  title: "Appointment Reminder",
  tag: "appointments",
  sent_from: { type: "api", value: expect.stringMatching(/^\*+[^*]{4}$/) },
  created_at: expect.any(Number),
};
const PATH = "/v1/notifications/messages";
const send = (body: unknown, path = PATH): Promise<Answer> => callPlatform(app, "POST", path, body);

async function feedOf(uid: string): Promise<Body[]> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data;
}

describe("the seed's realtime example", () => {
  it.each([PATH, "/v2/notifications/messages"])("is answered as there, at %s", async (path) => {
    const from = Date.now();
    const { status, body } = await send(REALTIME, path);
    expect([status, body]).toEqual([200, { ...ANSWER, mode: "realtime" }]);
    expect(Object.keys(body)).toEqual([
      "notification_id",
      "template_key",
      "channels",
      "mode",
      "title",
      "tag",
      "sent_from",
      "created_at",
    ]);
    expect(body.sent_from.value.slice(-4)).toBe(app.apiKey.slice(-4));
    expect(body.created_at).toBeGreaterThanOrEqual(from);
    expect(body.created_at).toBeLessThanOrEqual(Date.now());
    const [item] = await feedOf("sendbird-user_1");
    expect(item).toMatchObject({
      notificationId: body.notification_id,
      content: { text: "Bob Barker: appointment 32893" },
      title: "Appointment Reminder",
      tag: "appointments",
    });
    const { counts, mode } = await waitUntilCompleted(app, body.notification_id);
    expect([mode, counts["message-center"].delivered, counts.push.skipped]).toEqual([
      "realtime",
      1,
      { no_device: 1 },
    ]);
  });

  it("checks the priority, which is batch's alone, and leaves it out of the answer", async () => {
    const { status, body } = await send({ ...REALTIME, priority: "high" });
    expect([status, "priority" in body]).toEqual([200, false]);
    expect(await send({ ...REALTIME, priority: "urgent" })).toMatchObject({
      status: 400,
      body: { code: 400111 },
    });
  });

  it("has null for a title and a tag that weren't given", async () => {
    const { tag: _, title: __, ...bare } = REALTIME;
    expect((await send(bare)).body).toEqual({ ...ANSWER, mode: "realtime", title: null, tag: null });
  });

  it("takes its variables by user only", async () => {
    const flat = { ...REALTIME.template, variables: variables["sendbird-user_1"] };
    const { status, body } = await send({ ...REALTIME, template: flat });
    expect([status, body.error, body.code]).toEqual([400, true, 400111]);
    expect(body.message).toContain("template.variables.name");
    const others = { ...REALTIME.template, variables: { somebody: variables["sendbird-user_1"] } };
    const missing = await send({ ...REALTIME, template: others });
    expect(missing.status).toBe(400);
    expect(missing.body.message).toMatch(/name.*appointment_number/s);
  });
});

describe("the seed's batch example", () => {
  const targets = ["sendbird-user_1", "sendbird-user_2"];
  const BATCH = {
    ...REALTIME,
    template: { ...REALTIME.template, variables: { ...variables, "sendbird-user_2": { name: "Al" } } },
    targets,
    mode: "batch",
  };

  it("is answered as there, with its priority", async () => {
    const { status, body } = await send(BATCH);
    expect([status, body]).toEqual([200, { ...ANSWER, mode: "batch", priority: "normal" }]);
    const { counts, priority, title, tag } = await waitUntilCompleted(app, body.notification_id);
    expect([priority, title, tag]).toEqual(["normal", "Appointment Reminder", "appointments"]);
    expect(counts["message-center"]).toMatchObject({
      total: 2,
      delivered: 1,
      failed: { missing_variables: 1 },
    });
  });

  it.each(["high", "normal", "low"])("goes out with the priority %s", async (priority) => {
    const { body } = await send({ ...BATCH, priority });
    expect(body.priority).toBe(priority);
    expect((await waitUntilCompleted(app, body.notification_id)).priority).toBe(priority);
  });

  it("goes out to the users of a targets file", async () => {
    const csv = "user_id,name,appointment_number\ncsv-1,Ann,1\ncsv-2,Ben,2\ncsv-3,,3\n";
    await uploadCsv(app, "appointments.csv", csv);
    const { template, tag, title } = REALTIME;
    const body = { template: { key: template.key }, mode: "batch", tag, title, priority: "normal" };
    const sent = await send({ ...body, targets_filename: "appointments.csv" });
    expect([sent.status, sent.body]).toEqual([200, { ...ANSWER, mode: "batch", priority: "normal" }]);
    const { counts } = await waitUntilCompleted(app, sent.body.notification_id);
    expect(counts["message-center"]).toMatchObject({
      total: 3,
      delivered: 2,
      failed: { missing_variables: 1 },
    });
    expect((await feedOf("csv-2"))[0].content.text).toBe("Ben: appointment 2");
  });

  it("is sent once under an Idempotency-Key", async () => {
    const headers = { "api-token": app.apiKey, "idempotency-key": "platform-1" };
    const first = await call("POST", PATH, { headers, body: BATCH });
    expect((await call("POST", PATH, { headers, body: BATCH })).body).toEqual(first.body);
  });
});
