import { beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  API,
  type Body,
  callAsAdmin,
  callWithToken,
  createApp,
  createReadyApp,
  type TestApp,
} from "../support/api.ts";
import { callPlatform } from "../support/targets-files.ts";

/** One user in the CometChat families of an app that folds user ids, two users in all others. */
const SPELLINGS = ["Jane", "jane", "JANE"] as const;
const VARIABLES = { customerName: "Jane", orderId: "1" };

let folding: TestApp;
let keeping: TestApp;
beforeAll(async () => {
  folding = await createReadyApp();
  keeping = await createReadyApp({}, { foldsUserIds: false });
});

async function textsOf(token: string): Promise<string[]> {
  const { body } = await callWithToken(token)("GET", "/feed");
  return body.data.map((item: Body) => item.content.text).reverse();
}

/** A token as the platform family makes it, for the user of just this spelling. */
async function platformToken(app: TestApp, userId: string): Promise<string> {
  const user = { user_id: userId, nickname: userId, profile_url: "", issue_access_token: true };
  const { status, body } = await callPlatform(app, "POST", "/v3/users", user);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.access_token;
}

function sendPlatform(app: TestApp, target: string, orderId: string): Promise<Answer> {
  const template = { key: "order-confirmation", variables: { [target]: { ...VARIABLES, orderId } } };
  const body = { template, targets: [target], mode: "realtime" };
  return callPlatform(app, "POST", "/v1/notifications/messages", body);
}

describe("the switch for the case of user ids", () => {
  it("is on for an app that says nothing, off where the operator says so, and shown", async () => {
    const read = async (app: TestApp) => (await callAsAdmin("GET", `/admin/apps/${app.id}`)).body;
    expect(await read(folding)).toMatchObject({ foldsUserIds: true });
    expect(await read(keeping)).toMatchObject({ foldsUserIds: false });
    const asked = await createApp("Asked", { foldsUserIds: true });
    expect(await read(asked)).toMatchObject({ foldsUserIds: true });
    const { data } = (await callAsAdmin("GET", "/admin/apps?limit=100")).body;
    expect(data.every((app: Body) => typeof app.foldsUserIds === "boolean")).toBe(true);
  });

  it("is true or false", async () => {
    const answer = await callAsAdmin("POST", "/admin/apps", { name: "Odd", foldsUserIds: "yes" });
    expect([answer.status, answer.body.error.details]).toEqual([
      400,
      { foldsUserIds: "must be true or false" },
    ]);
  });
});

describe("users whose ids differ in case", () => {
  it("are one in our own form of the users", async () => {
    const path = (uid: string) => `/users/${uid}`;
    const created = await folding.api("POST", "/users", { uid: "Zoe", name: "Zoe" });
    expect([created.status, created.body.uid]).toEqual([201, "zoe"]);
    const again = await folding.api("POST", "/users", { uid: "ZOE" });
    expect(again.status).toBe(409);
    expect(again.body.error.message).toBe('A user with the uid "ZOE" exists.');
    expect((await folding.api("GET", path("zOE"))).body).toMatchObject({ uid: "zoe", name: "Zoe" });
    expect((await folding.api("PUT", path("Zoe"), { name: "Zoë" })).body).toMatchObject({ name: "Zoë" });
    for (const searchKey of ["ZO", "zo"]) {
      const { data } = (await folding.api("GET", `/users?searchKey=${searchKey}`)).body;
      expect(data.map((user: Body) => user.uid)).toEqual(["zoe"]);
    }
    expect((await folding.api("GET", "/analytics/users/ZOE")).body).toMatchObject({ userId: "zoe" });
    expect((await folding.api("DELETE", path("ZOE"))).body).toEqual({ uid: "zoe", deleted: true });
    expect((await folding.api("GET", path("zoe"))).status).toBe(404);
  });

  it("are one in CometChat's form, whose messages name them as they were named", async () => {
    const created = await folding.call("POST", "/v3/users", { uid: "Ann", name: "Ann", withAuthToken: true });
    expect(created.body.data).toMatchObject({ uid: "ann", authToken: expect.any(String) });
    const again = await folding.call("POST", "/v3/users", { uid: "ANN", name: "Ann" });
    expect(again.body.error.message).toBe("The uid ANN already exists, please choose a new uid.");
    expect((await folding.call("GET", "/v3/users/aNN")).body.data.uid).toBe("ann");
    expect((await folding.call("PUT", "/v3/users/ANN", { name: "Anne" })).body.data.name).toBe("Anne");
    const issued = await folding.call("POST", "/v3/users/ANN/auth_tokens", { force: false });
    const { authToken, uid } = issued.body.data;
    expect(uid).toBe("ann");
    // None was made: it is the same one, signed once more.
    expect((await folding.call("GET", "/v3/users/Ann/auth_tokens")).body.data).toHaveLength(1);
    await folding.call("DELETE", `/v3/users/ANN/auth_tokens/${authToken}`);
    expect((await callWithToken(created.body.data.authToken)("GET", "/feed")).status).toBe(401);
    const off = await folding.call("DELETE", "/v3/users", { uidsToDeactivate: ["ANN", "Nobody"] });
    expect(off.body.data).toEqual({
      ANN: { success: true, message: "The user with the uid ANN was deactivated." },
      Nobody: { success: false, message: "There is no user Nobody." },
    });
    const refused = await folding.api("POST", "/users/Ann/auth_tokens");
    expect(refused.body.error.message).toBe('The user "Ann" is deactivated. Activate them first.');
    const on = await folding.call("PUT", "/v3/users", { uidsToActivate: ["ann"] });
    expect(on.body.data.ann.success).toBe(true);
    const gone = await folding.call("DELETE", "/v3/users/ANN", { permanent: true });
    expect(gone.body.data.message).toBe("The user with the uid ANN was deleted.");
    expect((await folding.call("GET", "/v3/users/Ann")).body.error.message).toBe(
      "The user with the uid Ann does not exist.",
    );
  });

  it("are two in the platform family of the same app, beside the one of the others", async () => {
    const [capital, small] = [await platformToken(folding, "Eve"), await platformToken(folding, "eve")];
    expect((await sendPlatform(folding, "Eve", "platform")).status).toBe(200);
    const body = { template: { key: "order-confirmation", variables: VARIABLES }, targets: ["Eve"] };
    expect((await folding.send({ ...body, mode: "realtime" })).status).toBe(200);
    expect(await textsOf(capital)).toEqual(["Hello Jane, your order is platform."]);
    expect(await textsOf(small)).toEqual(["Hello Jane, your order is 1."]);
    expect((await callPlatform(folding, "GET", "/v3/users/Eve")).body.user_id).toBe("Eve");
    // Lists have all users, and a search finds either by the spelling that it has.
    const { data } = (await folding.api("GET", "/users?searchKey=Ev")).body;
    expect(data.map((user: Body) => user.uid)).toEqual(["Eve", "eve"]);
  });

  it("are two in every family of an app that keeps user ids as they are", async () => {
    for (const uid of ["Jane", "jane"]) {
      expect((await keeping.api("POST", "/users", { uid })).body.uid).toBe(uid);
      const variables = { ...VARIABLES, orderId: uid };
      const body = { template: { key: "order-confirmation", variables }, targets: [uid], mode: "realtime" };
      expect((await keeping.send(body)).status).toBe(200);
    }
    for (const uid of ["Jane", "jane"]) {
      expect(await textsOf(await keeping.tokenFor(uid))).toEqual([`Hello Jane, your order is ${uid}.`]);
    }
    expect((await keeping.api("GET", "/users/JANE")).status).toBe(404);
  });

  it("may have 255 bytes as they are stored", async () => {
    // Two bytes each, and three in lower case.
    const grows = "Ⱥ".repeat(100);
    const message = expect.stringContaining("must be a user id");
    const created = await folding.api("POST", "/users", { uid: grows });
    expect([created.status, created.body.error.details]).toEqual([400, { uid: message }]);
    const body = { template: { key: "order-confirmation", variables: VARIABLES }, mode: "realtime" };
    const sent = await folding.send({ ...body, targets: [grows] });
    expect([sent.status, sent.body.error.details]).toEqual([400, { "targets[0]": message }]);
    expect((await folding.api("POST", `/users/${grows}/auth_tokens`)).status).toBe(400);
    expect((await folding.api("GET", `/users/${grows}`)).status).toBe(404);
    expect((await keeping.api("POST", "/users", { uid: grows })).status).toBe(201);
    // Three bytes each, and one in lower case.
    const shrinks = await folding.api("POST", "/users", { uid: "\u212a".repeat(200) });
    expect([shrinks.status, shrinks.body.uid]).toEqual([201, "k".repeat(200)]);
  });
});

describe("what belongs to a user", () => {
  it("is theirs whatever spelling a token was made for", async () => {
    for (const uid of SPELLINGS) {
      const variables = { ...VARIABLES, orderId: uid };
      const body = { template: { key: "order-confirmation", variables }, targets: [uid], mode: "realtime" };
      expect((await folding.send(body)).status).toBe(200);
    }
    const texts = SPELLINGS.map((uid) => `Hello Jane, your order is ${uid}.`);
    for (const uid of SPELLINGS) expect(await textsOf(await folding.tokenFor(uid))).toEqual(texts);
    const token = await folding.tokenFor("Jane");
    expect((await folding.api("POST", "/users/JANE/auth_tokens/revoke")).body.uid).toBe("jane");
    expect((await callWithToken(token)("GET", "/feed")).status).toBe(401);
  });

  it("is a device that any spelling lists and takes away", async () => {
    const device = { provider: "fcm", token: "of-one-user" };
    const made = await folding.api("POST", "/users/Dan/devices", device);
    expect(made.status).toBe(201);
    expect((await folding.api("POST", "/users/dan/devices", device)).status).toBe(200);
    expect((await folding.api("GET", "/users/DAN/devices")).body.data).toHaveLength(1);
    expect((await folding.api("DELETE", `/users/daN/devices/${made.body.id}`)).status).toBe(200);
  });

  it("is an event of one identity", async () => {
    const template = { key: "order-confirmation", variables: VARIABLES };
    const { body } = await folding.send({ template, targets: ["Ida"], mode: "realtime" });
    const event = { notificationId: body.notificationId, channelType: "in_app", eventType: "viewed" };
    const ids = [];
    for (const userId of ["Ida", "IDA", "ida"]) {
      const answer = await folding.api("POST", "/analytics/events", { ...event, userId });
      expect(answer.status).toBe(200);
      ids.push(answer.body.eventId);
      const log = await folding.api(
        "GET",
        `/notifications/${body.notificationId}/deliveries?userId=${userId}`,
      );
      expect(log.body.data).toMatchObject([{ userId: "ida", viewedAt: expect.any(String) }]);
    }
    expect(new Set(ids).size).toBe(1);
    expect((await folding.api("GET", "/analytics/users/IDA")).body.summary).toBeDefined();
    const many = { ...event, userId: "Ⱥ".repeat(100) };
    expect((await folding.api("POST", "/analytics/events", many)).status).toBe(400);
  });

  it("is found by its spelling in a notification of the platform family", async () => {
    const { body } = await sendPlatform(folding, "Max", "1");
    const id = body.notification_id;
    const log = (query: string) => folding.api("GET", `/notifications/${id}/deliveries?userId=${query}`);
    expect((await log("Max")).body.data).toMatchObject([{ userId: "Max" }]);
    expect((await log("Max&status=failed")).body.data).toEqual([]);
    expect((await log("max")).body.data).toEqual([]);
    const event = { notificationId: id, userId: "Max", channelType: "in_app", eventType: "clicked" };
    expect((await folding.api("POST", "/analytics/events", event)).status).toBe(200);
    expect((await folding.api("POST", "/analytics/events", { ...event, userId: "max" })).status).toBe(404);
  });

  it("is reached by the test of a channel", async () => {
    await folding.api("POST", "/users/Tom/devices", { provider: "fcm", token: "of-tom" });
    const path = `${API}/channels/mobile-push/test`;
    const { body } = await folding.call("POST", path, { userId: "TOM" });
    // The device was found; that the channel has no account for it is another matter.
    expect(body.error.details).toEqual({ deviceId: expect.stringContaining("is a device of fcm") });
  });
});
