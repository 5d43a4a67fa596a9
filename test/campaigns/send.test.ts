import { beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  type Body,
  call,
  createReadyApp,
  createTemplate,
  type TestApp,
} from "../support/api.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
let templateId: string;

beforeAll(async () => {
  app = await createReadyApp();
  const template = await createTemplate(app, {
    key: "welcome",
    content: { "in-app-alerts": { text: "Welcome {{name}}" } },
    variableSchema: { name: { type: "string" } },
  });
  templateId = template.id;
});

const PATH = "/v3/campaigns/notifications/messages";
const usersOf = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const namesOf = (users: string[]) => Object.fromEntries(users.map((uid) => [uid, { name: `N ${uid}` }]));
const bodyFor = (receivers: string[]) => ({
  templateId: "welcome",
  receivers,
  variables: namesOf(receivers),
});
const send = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  app.call("POST", PATH, body, headers);

async function feedOf(uid: string): Promise<Body[]> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data;
}
const textsOf = async (uid: string) => (await feedOf(uid)).map(({ content }) => content.text);

describe("a send to up to 10 receivers", () => {
  it.each([1, 2, 10])("is in the feeds of all %d when it is answered", async (count) => {
    const receivers = usersOf(`now${count}`, count);
    const { status, body } = await send({ ...bodyFor(receivers), tag: "launch" });
    expect([status, body]).toEqual([
      200,
      { data: { notificationId: expect.any(String), channels: ["in_app"], mode: "realtime" } },
    ]);
    for (const uid of receivers) {
      const [item, ...others] = await feedOf(uid);
      expect(others).toEqual([]);
      expect(item).toMatchObject({
        notificationId: body.data.notificationId,
        tag: "launch",
        title: null,
        content: { text: `Welcome N ${uid}` },
      });
    }
    const { counts, mode, tag } = await waitUntilCompleted(app, body.data.notificationId);
    expect([mode, tag, counts["in-app-alerts"].total, counts["in-app-alerts"].delivered]).toEqual([
      "realtime",
      "launch",
      count,
      count,
    ]);
  });

  it("reaches a receiver who is named several times once", async () => {
    const { body } = await send(bodyFor(["dup-1", "dup-2", "dup-1", "dup-1"]));
    const { counts, duplicates } = await waitUntilCompleted(app, body.data.notificationId);
    expect([counts["in-app-alerts"].total, duplicates]).toEqual([2, 2]);
    expect(await textsOf("dup-1")).toEqual(["Welcome N dup-1"]);
    const same = await send(bodyFor(Array(10).fill("dup-3")));
    expect(same.body.data.mode).toBe("realtime");
    expect(await textsOf("dup-3")).toHaveLength(1);
  });

  it("stores nothing where one receiver's variables are wrong, and names each", async () => {
    const receivers = usersOf("checked", 5);
    const variables = { ...namesOf(receivers.slice(0, 3)), "checked-3": {}, "checked-4": { name: ["x"] } };
    const { status, body } = await send({ templateId: "welcome", receivers, variables });
    expect([status, body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(Object.keys(body.error.details)).toEqual(["variables.checked-3.name", "variables.checked-4.name"]);
    for (const uid of receivers) expect(await feedOf(uid)).toEqual([]);
  });

  it("fails whole where receivers have no variables at all", async () => {
    const { status, body } = await send({ templateId: "welcome", receivers: ["bare-1", "bare-2"] });
    expect([status, body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(await feedOf("bare-1")).toEqual([]);
  });
});

describe("a send to more than 10 receivers", () => {
  it.each([11, 10_000])("is queued as a batch of %d", async (count) => {
    const receivers = usersOf(`later${count}`, count);
    const { status, body } = await send(bodyFor(receivers));
    expect([status, body]).toEqual([
      200,
      { data: { batchId: expect.any(String), total: count, channels: ["in_app"], mode: "batch" } },
    ]);
    const { counts } = await waitUntilCompleted(app, body.data.batchId);
    expect(counts["in-app-alerts"]).toMatchObject({ total: count, delivered: count, failed: {}, pending: 0 });
    const last = receivers.at(-1) ?? "";
    expect(await textsOf(last)).toEqual([`Welcome N ${last}`]);
  });

  it("counts a receiver who is named twice once", async () => {
    const { body } = await send(bodyFor([...usersOf("many", 11), "many-0"]));
    expect(body.data).toMatchObject({ mode: "batch", total: 11 });
  });

  it("fails only the receivers whose variables are missing", async () => {
    const receivers = usersOf("part", 12);
    const variables = { ...namesOf(receivers), "part-3": {} };
    const { body } = await send({ templateId: "welcome", receivers, variables });
    const { counts } = await waitUntilCompleted(app, body.data.batchId);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 11, failed: { missing_variables: 1 } });
  });
});

describe("the template", () => {
  it("is found by its id and by its key, at both paths", async () => {
    for (const [index, id] of ["welcome", templateId].entries()) {
      for (const path of [PATH, "/notifications/messages"]) {
        const uid = `path-${index}${path.length}`;
        const { status, body } = await app.call("POST", path, { ...bodyFor([uid]), templateId: id });
        expect([status, body.data?.mode]).toEqual([200, "realtime"]);
        expect(await textsOf(uid)).toEqual([`Welcome N ${uid}`]);
      }
    }
  });
});

describe("an Idempotency-Key", () => {
  it.each([1, 3, 12])("gives the first answer again and sends nothing to %d receivers", async (count) => {
    const receivers = usersOf(`again${count}`, count);
    const headers = { "idempotency-key": `again-${count}` };
    const first = await send(bodyFor(receivers), headers);
    expect(first.status).toBe(200);
    expect((await send(bodyFor(receivers), headers)).body).toEqual(first.body);
    await waitUntilCompleted(app, first.body.data.notificationId ?? first.body.data.batchId);
    expect(await textsOf(`again${count}-0`)).toHaveLength(1);
    const other = await send(bodyFor(usersOf("other", count)), headers);
    expect([other.status, other.body.error.code]).toEqual([409, "ERR_IDEMPOTENCY_CONFLICT"]);
  });
});

describe("without credentials", () => {
  it("a call is refused; an Api-Token doesn't count", async () => {
    for (const headers of [{}, { "api-token": app.apiKey }, { appid: "other", apikey: app.apiKey }]) {
      const answer = await call("POST", PATH, {
        headers: headers as Record<string, string>,
        body: bodyFor(["a"]),
      });
      expect([answer.status, answer.body.error.code]).toEqual([401, "ERR_UNAUTHORIZED"]);
      expect(answer.body.error.source).toBe("campaigns-service");
    }
  });
});
