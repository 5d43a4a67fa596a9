import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Body, createApp, type TestApp } from "../support/api.ts";

const UIDS = Array.from({ length: 45 }, (_, index) => `user-${String(index).padStart(3, "0")}`);
const ODD_UIDS = ["Zed", "a%b", "ünï", "￿-private", "😀-last"];

let app: TestApp;
/** A time after the first 45 users and before the others. */
let between: string;
beforeAll(async () => {
  // Capitals are read as they are there.
  app = await createApp("Lists", { foldsUserIds: false });
  const create = (body: object) => app.call("POST", "/v3/business-messaging/api/users", body);
  for (const [index, uid] of UIDS.entries()) {
    await create({ uid, name: `Name ${index}`, role: index % 3 === 0 ? "vip" : "member" });
  }
  const last = Date.parse(
    (await app.call("GET", "/v3/business-messaging/api/users/user-044")).body.createdAt,
  );
  between = new Date(last + 1).toISOString();
  // The clock passes that time before anybody else is created.
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(last), { interval: 1 });
  for (const uid of ODD_UIDS) await create({ uid, name: "Ödd 50% Name" });
}, 60_000);

const list = async (query: string) =>
  (await app.call("GET", `/v3/business-messaging/api/users${query}`)).body;
const uidsOf = async (query: string) => (await list(query)).data.map((user: Body) => user.uid);

/** All uids, page by page. */
async function walk(query: string): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = "";
  while (cursor !== null && pages.length < 60) {
    const body: Body = await list(cursor === "" ? query : `${query}&cursor=${cursor}`);
    pages.push(body.data.map((user: Body) => user.uid));
    cursor = body.nextCursor;
  }
  return pages;
}

describe("the list of users", () => {
  it("is 20 to a page unless it is asked otherwise, by uid", async () => {
    const body = await list("");
    expect(body.data.map((user: Body) => user.uid)).toEqual(["Zed", "a%b", ...UIDS.slice(0, 18)]);
    expect(body.data[2]).toEqual((await app.call("GET", "/v3/business-messaging/api/users/user-000")).body);
    expect(body.meta).toEqual({ pagination: { count: 20, per_page: 20 } });
  });

  it("shows every user once over several pages, in the order of code points", async () => {
    const pages = await walk("?perPage=7");
    expect(pages.map((page) => page.length)).toEqual([7, 7, 7, 7, 7, 7, 7, 1]);
    expect(pages.flat()).toEqual(["Zed", "a%b", ...UIDS, "ünï", "￿-private", "😀-last"]);
  });

  it("ends without a cursor where the last page is just full", async () => {
    const pages = await walk("?perPage=15&searchKey=user-");
    expect(pages.map((page) => page.length)).toEqual([15, 15, 15]);
  });

  it("gives up to 100 at once", async () => {
    expect(await uidsOf("?perPage=100")).toHaveLength(50);
    expect(await uidsOf("?limit=3")).toHaveLength(3);
  });

  it.each(["perPage=101", "perPage=0", "perPage=-1", "perPage=ten", "status=away", "createdFrom=yesterday"])(
    "refuses %s",
    async (query) => {
      const { status, body } = await app.call("GET", `/v3/business-messaging/api/users?${query}`);
      expect([status, Object.keys(body.error.details)]).toEqual([400, [query.split("=")[0]]]);
    },
  );

  it("is the same at the management API's path", async () => {
    expect((await app.api("GET", "/users?perPage=5")).body).toEqual(await list("?perPage=5"));
  });
});

describe("a filter", () => {
  it("searches the beginning of uids and names, names in any case", async () => {
    expect(await uidsOf("?searchKey=user-04")).toEqual([
      "user-040",
      "user-041",
      "user-042",
      "user-043",
      "user-044",
    ]);
    expect(await uidsOf("?searchKey=NAME%204")).toEqual(["user-004", ...UIDS.slice(40)]);
    expect(await uidsOf("?searchKey=ame")).toEqual([]);
  });

  it("takes % and _ as themselves, and a key of any length", async () => {
    expect(await uidsOf("?searchKey=a%25")).toEqual(["a%b"]);
    expect(await uidsOf("?searchKey=%25")).toEqual([]);
    expect(await uidsOf("?searchKey=user_")).toEqual([]);
    expect(await uidsOf(`?searchKey=${"ü".repeat(300)}`)).toEqual([]);
    expect(await uidsOf("?searchKey=%F0%9F%98%80")).toEqual(["😀-last"]);
  });

  it("selects a role", async () => {
    expect(await uidsOf("?role=vip&perPage=100")).toEqual(UIDS.filter((_, index) => index % 3 === 0));
    expect(await uidsOf("?role=nobody")).toEqual([]);
  });

  it("selects a time of creation, both ends included", async () => {
    expect(await uidsOf(`?createdFrom=${between}`)).toEqual(ODD_UIDS);
    expect(await uidsOf(`?createdTo=${between}&role=vip`)).toHaveLength(15);
    const { createdAt } = (await app.call("GET", "/v3/business-messaging/api/users/Zed")).body;
    expect(await uidsOf(`?createdFrom=${createdAt}&createdTo=${createdAt}`)).toContain("Zed");
    const day = createdAt.slice(0, 10);
    expect(await uidsOf(`?createdFrom=${day}&createdTo=${day}`)).toContain("Zed");
    expect(await uidsOf(`?createdTo=${day}T00:00:00Z`)).toEqual([]);
  });

  it("combines with others and with pages", async () => {
    const pages = await walk("?role=vip&searchKey=Name%201&perPage=2");
    expect(pages.flat()).toEqual(["user-012", "user-015", "user-018"]);
  });

  it("selects who is offline: everybody without an open socket", async () => {
    expect(await uidsOf("?status=offline&perPage=100")).toHaveLength(50);
    expect(await uidsOf("?status=online")).toEqual([]);
  });
});
