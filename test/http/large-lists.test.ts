import { beforeAll, describe, expect, it } from "vitest";
import { type Body, createApp, createReadyApp, createTemplate, type TestApp } from "../support/api.ts";
import { uploadCsv } from "../support/targets-files.ts";

const KB = 1024;
/** About as large as a page may be. */
const MAX_PAGE_BYTES = 1024 * KB;
/** A row more, and what is around them. */
const ROOM_BYTES = 100 * KB;

/** Every page of a list, in the caller's size. */
async function readPages(
  get: (query: string) => Promise<{ status: number; body: Body }>,
  limit: number,
): Promise<Body[][]> {
  const pages: Body[][] = [];
  let cursor = "";
  do {
    const { status, body } = await get(`limit=${limit}${cursor}`);
    expect(status).toBe(200);
    expect(JSON.stringify(body).length).toBeLessThan(MAX_PAGE_BYTES + ROOM_BYTES);
    pages.push(body.data);
    cursor = body.nextCursor === null ? "" : `&cursor=${encodeURIComponent(body.nextCursor)}`;
  } while (cursor !== "");
  return pages;
}

describe("templates of a megabyte each", () => {
  let app: TestApp;
  const channelKeys = Array.from({ length: 31 }, (_, index) => `c${index}`);
  const content = (mark: number) =>
    Object.fromEntries(channelKeys.map((key) => [key, { text: `${mark} ${"x".repeat(32 * KB - 60)}` }]));

  beforeAll(async () => {
    app = await createApp();
    for (const key of channelKeys) await app.api("POST", "/channels", { name: key, key, type: "in_app" });
    for (let index = 0; index < 36; index++) {
      const template = { name: `big ${index}`, key: `big-${index}`, channelKeys, content: content(index) };
      expect((await app.api("POST", "/templates", template)).status).toBe(201);
    }
  }, 60_000);

  it("are listed, without what is large; each has it by itself", async () => {
    const { status, body } = await app.api("GET", "/templates?limit=35");
    expect(status).toBe(200);
    expect(body.data).toHaveLength(35);
    expect(body.data[0]).toMatchObject({ key: "big-35", channelKeys, status: "draft", version: 1 });
    expect(Object.keys(body.data[0])).not.toContain("content");
    expect(Object.keys(body.data[0])).not.toContain("variableSchema");
    expect((await app.api("GET", "/templates/big-35")).body.content).toEqual(content(35));
    const all = await readPages((query) => app.api("GET", `/templates?${query}`), 20);
    expect(all.flat().map(({ key }) => key)).toEqual(
      Array.from({ length: 36 }, (_, index) => `big-${35 - index}`),
    );
  });

  it("have versions that are listed, without what is large; each has it by itself", async () => {
    for (let index = 100; index < 135; index++) {
      expect((await app.api("PUT", "/templates/big-0", { content: content(index) })).status).toBe(200);
    }
    const { status, body } = await app.api("GET", "/templates/big-0/versions?limit=100");
    expect([status, body.data.length]).toEqual([200, 36]);
    expect(Object.keys(body.data[0]).sort()).toEqual(
      ["approvedAt", "channelKeys", "createdAt", "placeholders", "version"].sort(),
    );
    const one = await app.api("GET", "/templates/big-0/versions/35");
    expect([one.status, one.body.version]).toEqual([200, 35]);
    expect(one.body.content).toEqual(content(133));
    for (const version of ["0", "37", "x", "1e1", "-1", "99999999999999999999"]) {
      expect((await app.api("GET", `/templates/big-0/versions/${version}`)).status).toBe(404);
    }
    expect((await app.api("GET", "/templates/nothing/versions/1")).status).toBe(404);
  }, 60_000);
});

it("a feed of items near their limit comes in pages of a megabyte, none left out and none twice", async () => {
  const app = await createReadyApp();
  await createTemplate(app, {
    key: "long",
    content: { "in-app-alerts": { text: "{{a}}{{a}}{{a}}{{a}}" } },
    variableSchema: { a: { type: "string" } },
  });
  const ids: string[] = [];
  for (let index = 0; index < 40; index++) {
    const template = { key: "long", variables: { a: `${index} ${"é".repeat(7.5 * KB)}` } };
    const { status, body } = await app.send({ template, targets: ["mia"], mode: "realtime" });
    expect(status).toBe(200);
    ids.push(body.notificationId);
  }
  const asMia = await app.asUser("mia");
  const pages = await readPages((query) => asMia("GET", `/feed?${query}`), 100);
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flat().map(({ notificationId }) => notificationId)).toEqual(ids.reverse());
}, 60_000);

it("targets files are listed without their columns; each has them by itself", async () => {
  const app = await createReadyApp();
  await uploadCsv(app, "some.csv", "user_id,customerName,orderId\nmia,Mia,1\n");
  const { body } = await app.api("GET", "/targets-files");
  expect(body.data.map((file: Body) => [file.fileKey, file.rows, file.columns])).toEqual([
    ["some.csv", 1, undefined],
  ]);
  expect((await app.api("GET", "/targets-files/some.csv")).body.columns).toEqual(["customerName", "orderId"]);
});
