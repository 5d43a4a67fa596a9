import { beforeAll, describe, expect, it, vi } from "vitest";
import { newNotificationId } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import {
  type Body,
  createApp,
  createChannels,
  createReadyApp,
  createTemplate,
  type TestApp,
} from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { PATIENTLY } from "../support/patiently.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;
const sent: string[] = [];

beforeAll(async () => {
  app = await createReadyApp();
  await createTemplate(app, {
    key: "other",
    content: { "in-app-alerts": { text: "Hi" } },
    variableSchema: {},
  });
  for (const [template, tag, mode] of [
    ["order-confirmation", "orders", "batch"],
    ["other", "orders", "batch"],
    ["other", undefined, "realtime"],
    ["other", "news", "realtime"],
    ["order-confirmation", "orders", "batch"],
  ]) {
    const { body } = await app.send({ template: { key: template }, targets: ["reader"], mode, tag });
    sent.push(body.notificationId);
    await waitUntilCompleted(app, body.notificationId);
  }
});

async function list(query = ""): Promise<string[]> {
  const { body } = await app.api("GET", `/notifications${query}`);
  return body.data.map(({ id }: Body) => id);
}

describe("GET {api}/notifications", () => {
  it("lists newest first", async () => {
    expect(await list()).toEqual(sent.toReversed());
  });

  it("pages by cursor, without a gap or a repeat", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "?limit=2" : `?limit=2&cursor=${cursor}`;
      const { body } = await app.api("GET", `/notifications${query}`);
      seen.push(...body.data.map(({ id }: Body) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(sent.toReversed());
  });

  it("filters by tag, template, mode and time", async () => {
    const [first, second, third, fourth, fifth] = sent;
    expect(await list("?tag=orders")).toEqual([fifth, second, first]);
    expect(await list("?templateKey=other")).toEqual([fourth, third, second]);
    expect(await list("?mode=realtime")).toEqual([fourth, third]);
    expect(await list("?mode=realtime&tag=news")).toEqual([fourth]);
    const { createdAt } = await app.notification(third ?? "");
    expect(await list(`?from=${createdAt}`)).toEqual([fifth, fourth, third]);
    expect(await list(`?to=${createdAt}`)).toEqual([third, second, first]);
    expect(await list("?to=2020-01-01T00:00:00Z")).toEqual([]);
    // A date as the end includes its day, as the start it is where its day begins.
    const day = createdAt.slice(0, 10);
    expect(await list(`?from=${day}&to=${day}`)).toEqual([fifth, fourth, third, second, first]);
    expect(await list(`?to=${day}T00:00:00Z`)).toEqual([]);
    expect(await list("?from=2099-01-01")).toEqual([]);
  });

  it("names every wrong parameter", async () => {
    const { status, body } = await app.api("GET", "/notifications?limit=0&mode=x&from=yesterday&cursor=zzz");
    expect(status).toBe(400);
    expect(Object.keys(body.error.details).sort()).toEqual(["from", "limit", "mode"]);
    expect((await app.api("GET", "/notifications?cursor=zzz")).body.error.details).toHaveProperty("cursor");
  });
});

describe("GET {api}/notifications/{id}", () => {
  it("can be read the moment its id was answered, in both modes", async () => {
    for (const mode of ["realtime", "batch"]) {
      const { body } = await app.send({ template: { key: "other" }, targets: ["at-once"], mode });
      const read = await app.api("GET", `/notifications/${body.notificationId}`);
      expect(read.status).toBe(200);
      expect(read.body).toMatchObject({
        id: body.notificationId,
        templateKey: "other",
        templateVersion: 1,
        mode,
        title: null,
        tag: null,
        priority: mode === "batch" ? "normal" : null,
        channels: [{ key: "in-app-alerts", type: "in_app" }],
        duplicates: 0,
        createdAt: body.createdAt,
      });
    }
  });

  it("answers 404 for ids that are none, unknown, or of days that no ledger has", async () => {
    const ancient = "00000000-0000-7000-8000-000000000000";
    for (const id of ["nope", newNotificationId(), newNotificationId(3), newNotificationId(500), ancient]) {
      const { status, body } = await app.api("GET", `/notifications/${id}`);
      expect([status, body.error.code]).toEqual([404, "ERR_NOT_FOUND"]);
    }
  });
});

describe("a template approved a moment ago", () => {
  const send = (owner: TestApp) =>
    owner.send({ template: { key: "fresh" }, targets: ["u"], mode: "realtime" });

  it("can be sent at once although KV still holds the miss", async () => {
    const fresh = await createApp();
    await createChannels(fresh);
    expect((await send(fresh)).status).toBe(404);
    await createTemplate(fresh, { key: "fresh", content: { "in-app-alerts": {} }, variableSchema: {} });
    // As a location far away sees it: the write hasn't arrived.
    await bindings.CONFIG.delete(keys.kvTemplate(fresh.id, "fresh"));
    expect((await send(fresh)).status).toBe(200);
  });

  it("can be sent by id although KV knows neither", async () => {
    const fresh = await createApp();
    await createChannels(fresh);
    const { id } = await createTemplate(fresh, {
      key: "fresh",
      content: { "in-app-alerts": {} },
      variableSchema: {},
    });
    await bindings.CONFIG.delete(keys.kvTemplate(fresh.id, "fresh"));
    await bindings.CONFIG.delete(keys.kvTemplateId(fresh.id, id));
    expect((await fresh.send({ template: { id }, targets: ["u"], mode: "realtime" })).status).toBe(200);
  });

  it("can be sent through a channel that KV's app record doesn't have yet", async () => {
    const fresh = await createApp();
    const before = await bindings.CONFIG.get(keys.kvApp(fresh.id));
    await createChannels(fresh);
    await createTemplate(fresh, { key: "fresh", content: { "in-app-alerts": {} }, variableSchema: {} });
    await vi.waitFor(async () => {
      // The mirror writes at most once a second; put the old record over its last write.
      expect(await bindings.CONFIG.get(keys.kvApp(fresh.id))).not.toBe(before);
    }, PATIENTLY);
    await bindings.CONFIG.put(keys.kvApp(fresh.id), before ?? "");
    expect((await send(fresh)).status).toBe(200);
  });

  it("is mirrored to KV, and leaves it when it is archived", async () => {
    const fresh = await createReadyApp();
    const read = () => bindings.CONFIG.get(keys.kvTemplate(fresh.id, "order-confirmation"));
    await vi.waitFor(async () => expect(await read()).not.toBeNull(), PATIENTLY);
    await fresh.api("PUT", "/templates/order-confirmation", { status: "archived" });
    await vi.waitFor(async () => expect(await read()).toBeNull(), PATIENTLY);
  });
});
