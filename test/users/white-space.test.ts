import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Answer, createReadyApp, type TestApp } from "../support/api.ts";
import { rowsIn } from "../support/objects.ts";
import { callPlatform, formOf, listStored, postForm, presignedFields } from "../support/targets-files.ts";
import { shardStubOf } from "../support/users.ts";

/** At either end, of several kinds, and nothing else. */
const SEEN_AS_SPACE = [" mia", "mia ", "\u00a0mia", "mia\u3000", "\ufeffmia", "mia\u2028", "  ", "\u00a0"];
/** Zero width, a direction, a soft hyphen, an empty letter, and variation selectors alone. */
const UNSEEN = ["mia\u200b", "\u200dmia", "mia\u2060", "\u200emia", "mia\u00ad", "mia\u3164", "\ufe0f"];
const IDS = [...SEEN_AS_SPACE, ...UNSEEN];

let app: TestApp;
beforeEach(async () => {
  app = await createReadyApp();
});
const fieldsOf = ({ status, body }: Answer) => [status, Object.keys(body.error.details)];
const KEY = "order-confirmation";
const VARIABLES = { customerName: "Mia", orderId: "1" };

describe("a user id with white space at an end, or of nothing else, is refused and changes nothing", () => {
  afterEach(async () => {
    expect((await app.api("GET", "/notifications")).body.data).toEqual([]);
    for (const id of IDS) {
      const shard = await shardStubOf(app, id);
      for (const table of ["users", "deliveries", "devices"]) expect(await rowsIn(shard, table)).toBe(0);
    }
    expect(await listStored(app)).toEqual([]);
  });

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

  it("of a new user in every form, with a token and with a device", async () => {
    const user = { profile_url: "", nickname: "" };
    for (const id of IDS) {
      expect(fieldsOf(await app.api("POST", "/users", { uid: id })), id).toEqual([400, ["uid"]]);
      const cometchat = await app.call("POST", "/v3/users", { uid: id, name: "Mia", withAuthToken: true });
      expect(fieldsOf(cometchat), id).toEqual([400, ["uid"]]);
      const sendbird = await callPlatform(app, "POST", "/v3/users", { ...user, user_id: id });
      expect([sendbird.status, JSON.stringify(sendbird.body)], id).toEqual([
        400,
        expect.stringContaining("user_id"),
      ]);
      for (const users of ["/v3/business-messaging/api/users", "/v3/users"]) {
        const token = await app.call("POST", `${users}/${encodeURIComponent(id)}/auth_tokens`);
        expect(fieldsOf(token), `${users} ${id}`).toEqual([400, ["uid"]]);
      }
      const path = `/users/${encodeURIComponent(id)}/devices`;
      const device = await app.api("POST", path, { provider: "fcm", token: "token-of-mia" });
      expect(fieldsOf(device)).toEqual([400, ["uid"]]);
    }
  });

  it("in a targets file, which names the line", async () => {
    for (const id of ["mia\u00a0", "\u3000mia", '"mia "', '" mia"', '"  "', "mia\u200b", "\ufeffmia"]) {
      const fields = await presignedFields(app, "ids.csv");
      const { status, body } = await postForm(formOf(fields, `user_id,customerName\nleo,Leo\n${id},Mia\n`));
      expect([status, JSON.stringify(body)], id).toEqual([400, expect.stringMatching(/line.{0,5}3/)]);
    }
  });
});

it("keeps ids whose last character only shapes the one before", async () => {
  for (const uid of [
    "\u2764\ufe0f",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "a\u200bb",
  ]) {
    expect((await app.api("POST", "/users", { uid })).status, uid).toBe(201);
    await app.api("DELETE", `/users/${encodeURIComponent(uid)}`);
  }
});

describe("a user whom an earlier version stored under such an id", () => {
  const UID = "mia ";
  const PATH = "mia%20";
  const OURS = `/v3/business-messaging/api/users/${PATH}`;
  const VENDORS = `/v3/users/${PATH}`;
  const platform = (method: string, path: string, body?: unknown) => callPlatform(app, method, path, body);

  async function store(): Promise<void> {
    await runInDurableObject(await shardStubOf(app, UID), (_, { storage }) => {
      storage.sql.exec(
        "INSERT INTO users (uid, name, role, created_at, updated_at) VALUES (?, 'M', 'default', 1, 1)",
        UID,
      );
    });
  }

  it("is read and deleted in every form", async () => {
    const forms: [string, typeof platform, string][] = [
      [OURS, (method, path) => app.call(method, path), ""],
      [VENDORS, (method, path) => app.call(method, path), "?permanent=true"],
      [VENDORS, platform, ""],
    ];
    for (const [path, callAs, query] of forms) {
      await store();
      expect((await callAs("GET", path)).status, path).toBe(200);
      expect((await callAs("DELETE", path + query)).status, path).toBe(200);
      expect((await callAs("GET", path)).status, path).toBe(404);
    }
  });

  it("is changed, deactivated, activated, revoked, and read wherever one user is named", async () => {
    await store();
    const done: [Promise<Answer>, number][] = [
      [app.call("PUT", OURS, { name: "A" }), 200],
      [app.call("PUT", VENDORS, { name: "B" }), 200],
      [platform("PUT", VENDORS, { nickname: "C" }), 200],
      [app.call("GET", `${OURS}/devices`), 200],
      [app.call("GET", `/v3/business-messaging/api/analytics/users/${PATH}`), 200],
      [app.call("POST", `${OURS}/auth_tokens/revoke`), 200],
      [app.call("GET", `${VENDORS}/auth_tokens`), 200],
      [app.call("DELETE", `${VENDORS}/auth_tokens/none`), 200],
      [platform("GET", `${VENDORS}/push/gcm`), 200],
      [app.call("POST", `${OURS}/auth_tokens`), 201],
      [platform("POST", `${VENDORS}/token`, {}), 200],
      [app.call("POST", `${OURS}/devices`, { provider: "fcm", token: "token-of-mia" }), 201],
      [app.call("DELETE", `${OURS}/devices/none`), 404],
    ];
    for (const [index, [answer, status]] of done.entries()) {
      const { status: got, body } = await answer;
      expect([got, JSON.stringify(body)], `call ${index}`).toEqual([status, expect.any(String)]);
    }
    for (const [method, field, isActive] of [
      ["DELETE", "uidsToDeactivate", false],
      ["PUT", "uidsToActivate", true],
    ] as const) {
      const { body } = await app.call(method, "/v3/users", { [field]: [UID] });
      expect(body.data[UID]).toMatchObject({ success: true });
      expect((await platform("GET", VENDORS)).body.is_active).toBe(isActive);
    }
    await app.call("DELETE", OURS);
  });

  it("is found in a delivery log, told of in events, and sent nothing", async () => {
    await store();
    const { body: sent } = await app.send({
      template: { key: KEY, variables: VARIABLES },
      targets: ["leo"],
      mode: "realtime",
    });
    const log = await app.api("GET", `/notifications/${sent.notificationId}/deliveries?userId=${PATH}`);
    expect([log.status, log.body.data]).toEqual([200, []]);
    const event = { notificationId: sent.notificationId, userId: UID, channelType: "in_app" };
    expect((await app.api("POST", "/analytics/events", { ...event, eventType: "viewed" })).status).toBe(404);
    const refused = await app.send({
      template: { key: KEY, variables: VARIABLES },
      targets: [UID],
      mode: "realtime",
    });
    expect(fieldsOf(refused)).toEqual([400, ["targets[0]"]]);
  });
});
