import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { openTab } from "./support/browser.ts";
import { bellOf, expectBadge, InboxSite, toldOf } from "./support/inbox-pages.ts";

/** A Worker that takes long to start has let the page come to its longest pause, half a minute. */
const RECONNECTED_MS = 90_000;

const folder = mkdtempSync(join(tmpdir(), "onecall-connection-"));
let worker: LocalWorker;
let site: InboxSite;
before(async () => {
  const starting = startLocalWorker({ persistTo: folder });
  site = await InboxSite.start(starting);
  worker = await starting;
});
after(async () => {
  await site.stop();
  await worker.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("a connection", () => {
  test("that is lost with the Worker comes again, with what was missed", async () => {
    await site.app.send("pat", "Before");
    const watched = await site.open("pat");
    watched.expect(/net::ERR_/, /WebSocket connection/);
    const { page } = watched;
    await bellOf(page).click();
    await page.getByRole("button", { name: "Before" }).waitFor();
    await expectBadge(page, "");
    await worker.kill();
    await page.getByText("You're offline.").waitFor();
    await page.getByRole("button", { name: "Before" }).waitFor();
    const port = Number(new URL(worker.url).port);
    worker = await startLocalWorker({ persistTo: folder, port });
    await site.app.send("pat", "While away");
    await page.getByRole("button", { name: "While away" }).waitFor({ timeout: RECONNECTED_MS });
    await page.getByText("You're offline.").waitFor({ state: "detached" });
    await watched.close();
  });

  test("that opens after the list was read brings what came between the two", async () => {
    const watched = await site.open("pia", { element: "onecall-feed" });
    const { page } = watched;
    const opening = Promise.withResolvers<void>();
    await page.routeWebSocket(/feed/, async (socket) => {
      await opening.promise;
      socket.connectToServer();
    });
    await page.reload();
    await page.getByText("Nothing here yet").waitFor();
    await site.app.send("pia", "Between");
    opening.resolve();
    await page.getByRole("button", { name: "Between" }).waitFor();
    await watched.close();
  });

  test("that outlives a moment without a network is the same, and isn't offline any more", async () => {
    const watched = await site.open("oda", { element: "onecall-feed" });
    const { page } = watched;
    await site.app.send("oda", "First");
    await page.getByRole("button", { name: "First" }).waitFor();
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.evaluate(() => dispatchEvent(new Event("offline")));
    await page.getByText("You're offline.").waitFor();
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.getByText("You're offline.").waitFor({ state: "detached" });
    assert.deepEqual(sockets, []);
    await watched.close();
  });

  test("is kept when somebody comes back to the page, who wakes it twice", async () => {
    const watched = await site.open("noa", { element: "onecall-feed" });
    const { page } = watched;
    await site.app.send("noa", "First");
    await page.getByRole("button", { name: "First" }).waitFor();
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.evaluate(() => {
      document.dispatchEvent(new Event("visibilitychange"));
      dispatchEvent(new Event("focus"));
    });
    await site.app.send("noa", "Second");
    await page.getByRole("button", { name: "Second" }).waitFor();
    assert.equal(await page.getByText("You're offline.").count(), 0);
    assert.deepEqual(sockets, []);
    await watched.close();
  });

  test("of ten tabs is ten sockets, and nothing is asked for beside them", async () => {
    const token = await site.app.tokenFor("quin");
    const first = await site.open("quin");
    const tabs = [first];
    for (let tab = 1; tab < 10; tab++) tabs.push(await openTab(first, site.urlOf({ token })));
    await site.app.send("quin", "Number 0");
    for (const { page } of tabs) await expectBadge(page, "1");
    const asked: string[] = [];
    for (const { page } of tabs) {
      page.on("request", (request) => asked.push(request.url()));
      page.on("websocket", (socket) => asked.push(socket.url()));
    }
    for (let number = 2; number <= 4; number++) {
      await site.app.send("quin", `Number ${number}`);
      for (const { page } of tabs) await expectBadge(page, String(number));
    }
    assert.deepEqual(asked, []);
    for (const tab of tabs.toReversed()) await tab.close();
  });

  test("is shared by the elements of a page", async () => {
    await site.app.send("rae", "First");
    const watched = await site.open("rae");
    const { page } = watched;
    await expectBadge(page, "1");
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.locator("onecall-inbox").evaluate((inbox) => {
      const feed = document.createElement("onecall-feed");
      feed.setAttribute("token", inbox.getAttribute("token") ?? "");
      inbox.after(feed);
    });
    await page.getByRole("button", { name: "First" }).waitFor();
    await site.app.send("rae", "For both");
    await page.getByRole("button", { name: "For both" }).waitFor();
    assert.deepEqual(sockets, []);
    await watched.close();
  });
});

describe("a token", () => {
  test("that has expired is renewed, once", async () => {
    let asked = 0;
    const issueToken = () => site.app.tokenFor("sam", asked++ === 0 ? 2 : 3600);
    const watched = await site.open("sam", { asks: "" }, { functions: { issueToken } });
    const { page } = watched;
    await page.waitForEvent("websocket");
    await page.waitForEvent("websocket");
    await site.app.send("sam", "After the end");
    await expectBadge(page, "1");
    await bellOf(page).click();
    await page.getByRole("button", { name: "After the end" }).waitFor();
    assert.equal(asked, 2);
    await watched.close();
  });

  test("that a call finds expired is renewed, and the call made again", async () => {
    const expired = await site.app.tokenFor("tom", 1);
    await site.app.send("tom", "Hello");
    while ((await site.app.statusWith(expired)) !== 401) {}
    let asked = 0;
    const issueToken = () => {
      asked++;
      return site.app.tokenFor("tom");
    };
    const attributes = { element: "onecall-feed", token: expired, asks: "" };
    const watched = await site.open("tom", attributes, { functions: { issueToken } });
    watched.expect(/status of 401/);
    await watched.page.getByRole("button", { name: "Hello" }).waitFor();
    assert.equal(asked, 1);
    await watched.close();
  });

  test("of a user who was deleted ends the session, and says so", async () => {
    const watched = await site.open("una");
    watched.expect(/status of 401/);
    const { page } = watched;
    await site.app.send("una", "Here");
    await expectBadge(page, "1");
    await bellOf(page).click();
    await page.getByRole("button", { name: "Here" }).waitFor();
    await site.app.deleteUser("una");
    await page.getByText("Your session has ended.").waitFor();
    const [error] = await toldOf(page, "error");
    assert.equal(error?.code, "ERR_TOKEN");
    await watched.close();
  });
});
