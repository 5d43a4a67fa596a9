import { beforeAll, expect, it } from "vitest";
import { type Body, call, createApp, fetchWorker, type TestApp } from "../support/api.ts";

const KB = 1024;
const MAX_PAGE_BYTES = 1024 * KB;
/** A user more, and what is around them. */
const ROOM_BYTES = 100 * KB;
/** In 64 shards: several have more than their share of what a list holds at once. */
const COUNT = 140;

let app: TestApp;
const uids = Array.from({ length: COUNT }, (_, index) => `user-${String(index).padStart(4, "0")}`);
/** Nearly 16 KB. */
const metadataOf = (uid: string) =>
  `{"of":"${uid}","at":1.10,"list":[${"1,".repeat(500)}1],"text":"${"x".repeat(14 * KB)}"}`;

beforeAll(async () => {
  app = await createApp("Large users", { shardCount: 64 });
  for (let start = 0; start < COUNT; start += 40) {
    await Promise.all(
      uids.slice(start, start + 40).map(async (uid) => {
        const { status } = await app.api("POST", "/users", `{"uid":"${uid}","metadata":${metadataOf(uid)}}`);
        expect(status).toBe(201);
      }),
    );
  }
}, 180_000);

it("users of 16 KB each are listed in pages of a megabyte, none left out and none twice", async () => {
  const pages: string[][] = [];
  let cursor = "";
  do {
    const { status, body } = await app.api("GET", `/users?perPage=100${cursor}`);
    expect(status).toBe(200);
    expect(JSON.stringify(body).length).toBeLessThan(MAX_PAGE_BYTES + ROOM_BYTES);
    expect(body.meta.pagination.count).toBe(body.data.length);
    pages.push(body.data.map(({ uid }: Body) => uid));
    cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
  } while (cursor !== "");
  expect(pages.flat()).toEqual(uids);
  expect(Math.max(...pages.map((page) => page.length))).toBeGreaterThan(40);
});

it("a page of the vendors' list has all of its users, however large they are", async () => {
  const { status, body } = await app.call("GET", "/v3/users?perPage=1000");
  expect(status).toBe(200);
  expect(body.data.map(({ uid }: Body) => uid).sort()).toEqual(uids);
  expect(body.data[0].metadata).toEqual(JSON.parse(metadataOf(body.data[0].uid)));
  expect(body.meta.pagination).toMatchObject({ total: COUNT, count: COUNT, total_pages: 1 });
  const seen: string[] = [];
  let token = "";
  do {
    const page = await call("GET", `/v3/users?limit=100&token=${token}`, {
      headers: { "api-token": app.apiKey },
    });
    for (const { user_id } of page.body.users) seen.push(user_id);
    token = page.body.next;
  } while (token !== "");
  expect(seen.sort()).toEqual(uids);
});

it("numbers in metadata keep the digits that they were sent with", async () => {
  const metadata = '{"id":12345678901234567890,"price":1.10,"list":[1e2,-0,7]}';
  for (const [method, path, body] of [
    ["PUT", "/v3/business-messaging/api/users/user-0000", `{"metadata":${metadata}}`],
    ["GET", "/v3/business-messaging/api/users/user-0000", null],
    ["GET", "/v3/users/user-0000", null],
  ] as const) {
    const headers = { ...app.headers, "content-type": "application/json" };
    const response = await fetchWorker(`https://onecall.test${path}`, { method, headers, body });
    expect(await response.text()).toContain(`"metadata":${metadata}`);
  }
});
