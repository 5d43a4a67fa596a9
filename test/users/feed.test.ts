import { beforeAll, describe, expect, it } from "vitest";
import { type Body, createReadyApp, type TestApp, type UserCall } from "../support/api.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

/** Sends one realtime notification to a user; returns its id. */
async function sendTo(uid: string, orderId: string, fields: object = {}, by = app): Promise<string> {
  const { body } = await by.send({
    template: { key: "order-confirmation", variables: { customerName: uid, orderId } },
    targets: [uid],
    mode: "realtime",
    ...fields,
  });
  return body.notificationId;
}
const read = async (asUser: UserCall, query = "") => (await asUser("GET", `/feed${query}`)).body;
const idsOf = (page: Body) => page.data.map((item: Body) => item.notificationId);

describe("a feed", () => {
  it("shows what was rendered for its user", async () => {
    const id = await sendTo("jane", "ORD-1", { title: "Order Confirmed", tag: "orders" });
    expect(await read(await app.asUser("jane"))).toEqual({
      data: [
        {
          notificationId: id,
          templateKey: "order-confirmation",
          channelKey: "in-app-alerts",
          title: "Order Confirmed",
          tag: "orders",
          content: { text: "Hello jane, your order is ORD-1." },
          createdAt: (await app.notification(id)).createdAt,
          viewedAt: null,
          clickedAt: null,
        },
      ],
      nextCursor: null,
    });
  });

  it("waits for a user that isn't known yet", async () => {
    const id = await sendTo("stranger", "ORD-2");
    expect((await app.call("GET", "/v3/business-messaging/api/users/stranger")).status).toBe(404);
    expect(idsOf(await read(await app.asUser("stranger")))).toEqual([id]);
  });

  it("is empty where nothing was sent", async () => {
    expect(await read(await app.asUser("quiet"))).toEqual({ data: [], nextCursor: null });
  });

  it("shows nobody else's notifications, however alike the ids", async () => {
    const keeping = await createReadyApp({}, { foldsUserIds: false });
    for (const uid of ["eve", "Eve", "eve ", "ev"]) await sendTo(uid, `for <${uid}>`, {}, keeping);
    const { data } = await read(await keeping.asUser("eve"));
    expect(data.map((item: Body) => item.content.text)).toEqual(["Hello eve, your order is for <eve>."]);
  });

  it("keeps any characters of a value", async () => {
    const odd = '"\\\u0000\u001f\u2028😀';
    await sendTo("odd", odd);
    const { data } = await read(await app.asUser("odd"));
    expect(JSON.stringify(data[0].content.text)).toBe(JSON.stringify(`Hello odd, your order is ${odd}.`));
  });

  it("has the items of batches too", async () => {
    const { body } = await app.send({
      template: {
        key: "order-confirmation",
        variables: { ann: { customerName: "Ann", orderId: 1 }, bea: { customerName: "Bea", orderId: 2 } },
      },
      targets: ["ann", "bea"],
      mode: "batch",
    });
    await waitUntilCompleted(app, body.notificationId);
    const { data } = await read(await app.asUser("bea"));
    expect(data.map((item: Body) => item.content.text)).toEqual(["Hello Bea, your order is 2."]);
  });
});

describe("the pages of a feed", () => {
  let asUser: UserCall;
  let ids: string[];
  beforeAll(async () => {
    ids = [];
    for (let index = 0; index < 7; index++) {
      ids.unshift(await sendTo("reader", `ORD-${index}`, index % 2 === 0 ? { tag: "even" } : {}));
    }
    asUser = await app.asUser("reader");
  });

  it("are newest first, 20 items unless it is asked otherwise", async () => {
    const page = await read(asUser);
    expect([idsOf(page), page.nextCursor]).toEqual([ids, null]);
  });

  it("show every item once, also when new ones come in between", async () => {
    const first = await read(asUser, "?limit=3");
    expect(idsOf(first)).toEqual(ids.slice(0, 3));
    const newest = await sendTo("reader", "ORD-new");
    const second = await read(asUser, `?limit=3&cursor=${first.nextCursor}`);
    const third = await read(asUser, `?limit=3&cursor=${second.nextCursor}`);
    expect([...idsOf(second), ...idsOf(third)]).toEqual(ids.slice(3));
    expect(third.nextCursor).toBeNull();
    ids = [newest, ...ids];
  });

  it("can be of one tag", async () => {
    const tagged = await read(asUser, "?tag=even&limit=3");
    expect(tagged.data.map((item: Body) => item.tag)).toEqual(["even", "even", "even"]);
    const rest = await read(asUser, `?tag=even&limit=3&cursor=${tagged.nextCursor}`);
    expect(rest.data).toHaveLength(1);
    expect((await read(asUser, "?tag=EVEN")).data).toEqual([]);
  });

  it("can be of what is unread", async () => {
    const [newest = "", second = ""] = ids;
    await asUser("POST", `/feed/${newest}/viewed`);
    expect(idsOf(await read(asUser, "?unread=true&limit=1"))).toEqual([second]);
    expect(idsOf(await read(asUser, "?unread=false&limit=1"))).toEqual([newest]);
    expect(idsOf(await read(asUser, "?unread=true&tag=even"))).toHaveLength(4);
  });

  it.each(["limit=0", "limit=101", "limit=x", "unread=yes", "cursor=abc"])("refuse %s", async (query) => {
    const { status, body } = await asUser("GET", `/feed?${query}`);
    expect([status, Object.keys(body.error.details)]).toEqual([400, [query.split("=")[0]]]);
  });
});
