import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { openPage, type WatchedPage } from "./support/browser.ts";
import { buildClientScript } from "./support/client-script.ts";
import { openSignedIn } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp } from "./support/filled-app.ts";
import { InboxSite } from "./support/inbox-pages.ts";

/** The typed client in a page: uploads that tell how far they are, the dashboard's cookie, a user's own token. */

/** Of the CSV that is uploaded: some seconds at the speed that the page is given. */
const ROWS = 20_000;
const UPLOAD_BYTES_PER_SECOND = 256 * 1024;

let site: InboxSite;
let app: FilledApp;
let script: string;
before(async () => {
  [site, script] = await Promise.all([InboxSite.start(), buildClientScript()]);
  app = await fillApp(site.worker, "Pages");
});
after(() => site.stop());

/** A page that Onecall serves, signed in, with the client in it. */
async function openOwnPage(): Promise<WatchedPage> {
  const watched = await openSignedIn(site.browser, `${site.worker.url}/dashboard/`, app.apiKey);
  await watched.page.evaluate(script);
  return watched;
}

/** So that an upload on one machine is under way for a while. */
async function slowDown(page: Page): Promise<void> {
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: UPLOAD_BYTES_PER_SECOND,
  });
}

/** Uploads a file in the page; resolves to what it was told. */
function upload(page: Page, name: string, rows: number) {
  return page.evaluate(
    async ([fileName, count]) => {
      const lines = Array.from({ length: count }, (_, index) => `user-${index},Zoë,A-${index}`);
      const file = new File([["user_id,customerName,orderId", ...lines].join("\n")], fileName);
      const told: { loaded: number; total: number }[] = [];
      const { rows } = await new onecallClient.Onecall({}).files.upload(file, {
        onProgress: (progress) => told.push(progress),
      });
      return { told, rows, size: file.size };
    },
    [name, rows] as const,
  );
}

describe("an upload", () => {
  test("tells how many bytes of the file are on their way, to the last", async () => {
    const watched = await openOwnPage();
    await slowDown(watched.page);
    const { told, rows, size } = await upload(watched.page, "spring.csv", ROWS);
    assert.equal(rows, ROWS);
    const loaded = told.map((progress) => progress.loaded);
    assert.ok(new Set(loaded).size > 2, `told ${loaded}`);
    assert.deepEqual(
      loaded,
      loaded.toSorted((one, other) => one - other),
    );
    assert.deepEqual(told.at(-1), { loaded: size, total: size });
    assert.ok(told.every((progress) => progress.total === size && progress.loaded >= 0));
    await watched.close();
  });

  test("whose connection was lost is made again, from its first byte", async () => {
    const watched = await openOwnPage();
    const { page } = watched;
    watched.expect(/net::ERR_/);
    let tries = 0;
    await page.route(/\/v1\/storage\/uploads/, async (route) => {
      if (route.request().method() === "POST" && tries++ === 0) await route.abort("connectionreset");
      else await route.fallback();
    });
    const { told, rows, size } = await upload(page, "summer.csv", 10);
    assert.equal(rows, 10);
    assert.equal(tries, 2);
    assert.equal(told.at(-1)?.loaded, size);
    await watched.close();
  });

  test("ends with its signal, and leaves nothing behind", async () => {
    const watched = await openOwnPage();
    const { page } = watched;
    await slowDown(page);
    const message = await page.evaluate(async (count) => {
      const lines = Array.from({ length: count }, (_, index) => `user-${index},Zoë,A-${index}`);
      const leave = new AbortController();
      const uploading = new onecallClient.Onecall({}).files.upload(
        ["user_id,customerName,orderId", ...lines].join("\n"),
        {
          key: "autumn.csv",
          signal: leave.signal,
          onProgress: ({ loaded, total }) => {
            if (loaded > 0 && loaded < total) leave.abort(new Error("The page is left"));
          },
        },
      );
      return uploading.then(
        () => "uploaded",
        (error: Error) => error.message,
      );
    }, ROWS);
    assert.equal(message, "The page is left");
    await assert.rejects(app.onecall.files.get("autumn.csv"), { code: "ERR_NOT_FOUND" });
    await watched.close();
  });
});

test("with the dashboard's cookie it needs no key, until it is signed out", async () => {
  const watched = await openPage(site.browser, `${site.worker.url}/dashboard/`);
  watched.expect(/status of 401/);
  const { page } = watched;
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.evaluate(script);
  const said = await page.evaluate(async (token) => {
    const onecall = new onecallClient.Onecall({});
    const codeOf = (error: unknown) => (error instanceof onecallClient.OnecallError ? error.code : "");
    const before = await onecall.templates
      .list()
      .page()
      .then(() => "read", codeOf);
    const { app } = await onecall.session.signIn({ token });
    const variables = { customerName: "Zoë", orderId: "A-1" };
    const { notificationId } = await onecall.notifications.send("order-confirmation", variables, {
      to: "zoe",
    });
    const states: string[] = [];
    for await (const { state } of onecall.notifications.watch(notificationId)) states.push(state);
    const shown = (await onecall.session.get()).app?.id;
    await onecall.session.signOut();
    const after = await onecall.templates
      .list()
      .page()
      .then(() => "read", codeOf);
    return { before, app: app?.id, shown, last: states.at(-1), after, cookie: document.cookie };
  }, app.apiKey);
  assert.deepEqual(said, {
    before: "ERR_UNAUTHORIZED",
    after: "ERR_UNAUTHORIZED",
    last: "completed",
    app: app.id,
    shown: app.id,
    cookie: "",
  });
  await watched.close();
});

test("with a user's token it reads the feed from another site, and hears what comes", async () => {
  const token = (await app.onecall.users.createToken("ada")).authToken;
  await app.onecall.notifications.send(
    "order-confirmation",
    { customerName: "Ada", orderId: "A-2" },
    {
      to: "ada",
    },
  );
  // A page of a site of its own, under a strict policy.
  const watched = await site.open("nobody");
  await watched.page.evaluate(script);
  const said = await watched.page.evaluate(
    async ([url, userToken]) => {
      const { feed } = new onecallClient.Onecall({ url, userToken });
      const titles: unknown[] = [];
      const items = [];
      for await (const item of feed.list()) {
        items.push(item);
        titles.push(Reflect.get(Object(item.content), "title"));
      }
      const socket = new WebSocket(await feed.socketUrl());
      const told = new Promise<number>((resolve) => {
        socket.onmessage = ({ data }) => {
          const message: { type: string; count: number } = JSON.parse(data);
          if (message.type === "unread" && message.count === 0) resolve(message.count);
        };
      });
      const { notificationId = "" } = items[0] ?? {};
      await feed.markViewed(notificationId);
      const unread = [await told, (await feed.unreadCount()).count];
      socket.close();
      return { titles, unread };
    },
    [site.worker.url, token] as const,
  );
  assert.deepEqual(said, { titles: ["Thanks, Ada"], unread: [0, 0] });
  await watched.close();
});
