import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, callAsAdmin, createReadyApp, type TestApp } from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

const values = { customerName: "Mia", orderId: "1" };

/** Each family's send, right but for what is laid over it. */
const SENDS: Record<string, (uid: string, root: object, template: object) => Promise<Answer>> = {
  business: (uid, root, template) =>
    app.send({
      template: { key: "order-confirmation", variables: values, ...template },
      targets: [uid],
      mode: "realtime",
      ...root,
    }),
  platform: (uid, root, template) =>
    app.call(
      "POST",
      "/v2/notifications/messages",
      {
        template: { key: "order-confirmation", variables: { [uid]: values }, ...template },
        targets: [uid],
        mode: "realtime",
        ...root,
      },
      { "api-token": app.apiKey },
    ),
  campaigns: (uid, root) =>
    app.call("POST", "/v3/campaigns/notifications/messages", {
      templateId: "order-confirmation",
      receivers: [uid],
      variables: { [uid]: values },
      ...root,
    }),
};

async function refusal(family: string, root: object, template: object = {}): Promise<string> {
  const uid = `strange-${family}-${Object.keys(root)}-${Object.keys(template)}`;
  const answer = await SENDS[family]?.(uid, root, template);
  expect(answer?.status, `${family} ${JSON.stringify([root, template])}`).toBe(400);
  const asUser = await app.asUser(uid);
  expect((await asUser("GET", "/feed")).body.data).toEqual([]);
  return family === "platform" ? answer?.body.message : JSON.stringify(answer?.body.error.details);
}

describe("a send with a field that would change what happens", () => {
  it.each(Object.keys(SENDS))(
    "isn't sent with another version, provider or push data, in %s",
    async (family) => {
      for (const field of [
        "templateVersion",
        "template_version",
        "providers",
        "sandbox",
        "data",
        "payload",
      ]) {
        expect(await refusal(family, { [field]: { a: "1" } })).toContain(field);
      }
      if (family === "campaigns") return;
      for (const field of ["version", "data", "payload"]) {
        expect(await refusal(family, {}, { [field]: { a: "1" } })).toContain(`template.${field}`);
      }
    },
  );

  it("isn't sent with an id beside the key in the platform family", async () => {
    expect(await refusal("platform", {}, { id: "another" })).toMatch(/template\.id: .*template\.key/);
  });

  it.each(Object.keys(SENDS))("isn't sent at once where it asks for a time, in %s", async (family) => {
    for (const field of [
      "sendAt",
      "send_at",
      "scheduledAt",
      "scheduled_at",
      "schedule",
      "scheduleTime",
      "SENDAT",
      "deliverAt",
      "deliver_after",
      "delay",
      "delaySeconds",
      "sendTime",
      "notBefore",
      "timezone",
      "dryRun",
    ]) {
      expect(await refusal(family, { [field]: "2027-01-01T09:00:00Z" })).toContain(field);
    }
  });

  it.each([
    ["business", { receivers: ["x"] }, "targets"],
    ["business", { templateId: "x" }, "template"],
    ["business", { targets_filename: "x.csv" }, "targetsFile"],
    ["business", { expires_at: 1 }, "expiresAt"],
    ["business", { Priority: "high" }, "priority"],
    ["business", { variables: {} }, "template.variables"],
    ["business", { notificationPushData: {} }, "template.notificationPushData"],
    ["business", { tags: ["x"] }, "tag"],
    ["business", { titel: "x" }, "title"],
    ["platform", { targetsFile: "x.csv" }, "targets_filename"],
    ["platform", { receivers: ["x"] }, "targets"],
    ["platform", { prioritry: "high" }, "priority"],
    ["campaigns", { targets: ["x"] }, "receivers"],
    ["campaigns", { template: { key: "x" } }, "templateId"],
    ["campaigns", { template_id: "x" }, "templateId"],
    ["campaigns", { reciever: "x", receiver: "x" }, "receivers"],
  ])("%s: names the right one for %j: %s", async (family, root, right) => {
    expect(await refusal(family, root)).toContain(`did you mean ${right}?`);
  });

  it.each([
    ["business", { notification_push_data: { a: "1" } }, "template.notificationPushData"],
    ["platform", { notificationPushData: { a: "1" } }, "template.notification_push_data"],
    ["business", { Variables: {} }, "template.variables"],
    ["platform", { variabels: {} }, "template.variables"],
  ])("%s: names the right one for %j in template: %s", async (family, template, right) => {
    expect(await refusal(family, {}, template)).toContain(`did you mean ${right}?`);
  });

  it.each([
    { mode: "batch" },
    { priority: "high" },
    { expiresAt: "2027-01-01" },
    { title: "x" },
    { targetsFile: "x" },
  ])("isn't sent without what its family hasn't: campaigns with %j", async (root) => {
    expect(await refusal("campaigns", root)).toContain("isn't a field of this family's call");
  });

  it.each(Object.keys(SENDS))("is sent with fields that mean nothing here, in %s", async (family) => {
    const root = { comment: "x", "x-source": 1, id: "mine", metadata: {}, __proto: 1 };
    expect((await SENDS[family]?.(`known-${family}`, root, { note: "x" }))?.status).toBe(200);
  });
});

describe("another spelling of a field", () => {
  it.each([
    ["POST", "/channels", { name: "A", type: "in_app", Enabled: false }, "Enabled", "enabled"],
    ["POST", "/templates", { name: "A", channel_keys: [], channelKeys: [] }, "channel_keys", "channelKeys"],
    ["POST", "/templates", { name: "A", channelKeys: [], contents: {} }, "contents", "content"],
    ["POST", "/notifications/x/retry", { reason: ["expired"] }, "reason", "reasons"],
    [
      "POST",
      "/targets-files/a.csv/presigned-urls",
      { overwrite_duplicate_key: true },
      "overwrite_duplicate_key",
      "overwriteDuplicateKey",
    ],
    [
      "POST",
      "/webhooks",
      { url: "https://example.com", events: ["notification.completed"], enable: false },
      "enable",
      "enabled",
    ],
  ])("%s %s names it, and the right one: %j", async (method, path, body, field, right) => {
    const answer = await app.api(method, path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.details[field]).toContain(`did you mean ${right}?`);
  });

  it("is named in the admin's calls and in queries too", async () => {
    const created = await callAsAdmin("POST", "/admin/apps", { Name: "x", name: "y" });
    expect([created.status, Object.keys(created.body.error.details)]).toEqual([400, ["Name"]]);
    for (const query of ["Limit=1", "limits=1", "curser=x"]) {
      expect((await app.api("GET", `/templates?${query}`)).status, query).toBe(400);
    }
    for (const query of ["utm_source=x", "page=2"]) {
      const { status, body } = await app.api("GET", `/templates?${query}`);
      expect([status, body.error.message]).toEqual([
        400,
        expect.stringContaining("known are: limit, cursor"),
      ]);
    }
  });

  it("is an unknown provider's name", async () => {
    const providers = { FCM: null, onesignal: {} };
    for (const [name, given] of Object.entries(providers)) {
      const body = { name: "Push of nobody", type: "push", providers: { [name]: given } };
      const { status, body: answer } = await app.api("POST", "/channels", body);
      expect([status, Object.keys(answer.error.details)]).toEqual([400, [`providers.${name}`]]);
    }
  });

  it("isn't what a caller sends back as it was read", async () => {
    const webhook = { url: "https://hooks.shop.com/", events: ["notification.completed"] };
    const { body: made } = await app.api("POST", "/webhooks", webhook);
    await app.api("POST", "/users", { uid: "read-back" });
    const paths = ["/templates/order-confirmation", "/channels/in-app-alerts", "/users/read-back"];
    for (const path of [...paths, `/webhooks/${made.id}`]) {
      const { body } = await app.api("GET", path);
      expect((await app.api("PUT", path, body)).status, path).toBe(200);
      const more = await app.api("PUT", path, { ...body, comment: "x" });
      expect([more.status, Object.keys(more.body.error.details)]).toEqual([400, ["comment"]]);
    }
  });
});
