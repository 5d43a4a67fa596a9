import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, createReadyApp, type TestApp } from "../support/api.ts";
import { rowsIn } from "../support/objects.ts";
import { callPlatform, formOf, listStored, postForm, presignedFields } from "../support/targets-files.ts";
import { shardStubOf } from "../support/users.ts";

/** At either end, of several kinds, and nothing else. */
const IDS = [" mia", "mia ", "\u00a0mia", "mia\u3000", "\ufeffmia", "  ", "\u00a0"];

let app: TestApp;
beforeEach(async () => {
  app = await createReadyApp();
});
afterEach(async () => {
  expect((await app.api("GET", "/notifications")).body.data).toEqual([]);
  for (const id of IDS) {
    const shard = await shardStubOf(app, id);
    for (const table of ["users", "deliveries", "devices"]) expect(await rowsIn(shard, table)).toBe(0);
  }
  expect(await listStored(app)).toEqual([]);
});

const fieldsOf = ({ status, body }: Answer) => [status, Object.keys(body.error.details)];
const KEY = "order-confirmation";
const VARIABLES = { customerName: "Mia", orderId: "1" };

describe("a user id with white space at an end, or of nothing else, is refused and changes nothing", () => {
  it("in a send of each family", async () => {
    for (const id of IDS) {
      for (const mode of ["realtime", "batch"]) {
        const variables = mode === "realtime" ? VARIABLES : { [id]: VARIABLES };
        const answer = await app.send({ template: { key: KEY, variables }, targets: [id], mode });
        expect(fieldsOf(answer), JSON.stringify(id)).toEqual([400, ["targets[0]"]]);
        const platform = { template: { key: KEY, variables }, targets: [id], mode };
        const { status, body } = await callPlatform(app, "POST", "/v1/notifications/messages", platform);
        expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining("targets[0]")]);
      }
      const receivers = { templateId: KEY, receivers: ["leo", id], variables: { leo: VARIABLES } };
      const campaign = await app.call("POST", "/v3/campaigns/notifications/messages", receivers);
      expect([campaign.status, JSON.stringify(campaign.body)]).toEqual([
        400,
        expect.stringContaining("receivers[1]"),
      ]);
    }
  });

  it("in an event and with a device", async () => {
    for (const id of IDS) {
      const event = {
        notificationId: "01900000-0000-7000-8000-000000000000",
        userId: id,
        channelType: "in_app",
        eventType: "viewed",
      };
      expect(fieldsOf(await app.api("POST", "/analytics/events", event))).toEqual([400, ["userId"]]);
      const path = `/users/${encodeURIComponent(id)}/devices`;
      const device = await app.api("POST", path, { provider: "fcm", token: "token-of-mia" });
      expect(fieldsOf(device)).toEqual([400, ["uid"]]);
    }
  });

  it("in a targets file, which names the line", async () => {
    for (const id of ["mia\u00a0", "\u3000mia", '"mia "', '" mia"', '"  "']) {
      const fields = await presignedFields(app, "ids.csv");
      const { status, body } = await postForm(formOf(fields, `user_id,customerName\nleo,Leo\n${id},Mia\n`));
      expect([status, JSON.stringify(body)], id).toEqual([400, expect.stringMatching(/line.{0,5}3/)]);
    }
  });
});

it("one that an earlier version stored is read and deleted in every form", async () => {
  const shard = await shardStubOf(app, "mia ");
  const forms: [string, Record<string, string>, string][] = [
    ["/v3/business-messaging/api/users/mia%20", app.headers, ""],
    ["/v3/users/mia%20", app.headers, "?permanent=true"],
    ["/v3/users/mia%20", { "api-token": app.apiKey }, ""],
  ];
  for (const [path, headers, query] of forms) {
    await runInDurableObject(shard, (_, { storage }) => {
      storage.sql.exec(
        "INSERT INTO users (uid, name, role, created_at, updated_at) VALUES ('mia ', 'M', 'default', 1, 1)",
      );
    });
    const isVendors = "api-token" in headers;
    const callAs = (method: string, to: string) =>
      isVendors ? callPlatform(app, method, to) : app.call(method, to);
    expect((await callAs("GET", path)).status, path).toBe(200);
    expect((await callAs("DELETE", path + query)).status, path).toBe(200);
    expect((await callAs("GET", path)).status, path).toBe(404);
  }
});
