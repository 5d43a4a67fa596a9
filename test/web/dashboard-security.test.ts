import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { FakeProviders } from "../support/providers/client.ts";
import { startFakeProviders } from "../support/providers/server.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import { openSignedIn } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp, HOSTILE, waitForState } from "./support/filled-app.ts";

/** A link that runs a script, where a page makes a link of it. */
const HOSTILE_LINK = "javascript:window.hacked=1";
/** What is hostile, as far as a user's id and name have room for it. */
const HOSTILE_UID = HOSTILE.slice(0, 60);

describe("the dashboard's safety", () => {
  let worker: TestWorker;
  let browser: Browser;
  let fakes: Awaited<ReturnType<typeof startFakeProviders>>;
  let app: FilledApp;
  /** A page of somebody else's. */
  let elsewhere: Server;
  before(async () => {
    fakes = await startFakeProviders();
    elsewhere = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Elsewhere</title>");
    });
    elsewhere.listen(0, "127.0.0.1");
    [worker, browser] = await Promise.all([
      startTestWorker({ providers: fakes.url }),
      startBrowser(),
      once(elsewhere, "listening"),
    ]);
    app = await fillApp(worker, HOSTILE);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
    await fakes.stop();
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  const adminOf = () => new Onecall({ url: worker.url, adminToken: worker.adminToken }).admin;
  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;

  /** Fills whatever else somebody can fill; returns the notification whose provider was rude. */
  async function fillHostile(): Promise<string> {
    const { onecall } = app;
    const project = await new FakeProviders(fakes.url).createProject();
    await onecall.channels.update("mobile-push", { providers: { fcm: project.credentials.fcm } });
    const error = { code: 400, status: "INVALID_ARGUMENT", message: HOSTILE };
    await project.setFaults([{ provider: "fcm", status: 400, body: { error } }]);
    await onecall.users.create({ uid: HOSTILE_UID, name: HOSTILE.slice(0, 90) });
    for (const device of await project.createDevices("fcm")) {
      await onecall.devices.register(HOSTILE_UID, device);
    }
    await onecall.templates.create({
      name: HOSTILE,
      key: "hostile",
      category: HOSTILE.slice(0, 60),
      channelKeys: ["in-app-alerts"],
      content: {
        "in-app-alerts": {
          title: HOSTILE,
          body: HOSTILE,
          image: "{{picture}}",
          action: { label: HOSTILE, url: HOSTILE_LINK },
        },
      },
      variableSchema: { picture: { type: "string" } },
    });
    await onecall.templates.update("hostile", { status: "approved" });
    await onecall.channels.create({ name: HOSTILE.slice(0, 90), key: "hostile-hooks", type: "webhook" });
    await onecall.webhooks.create({
      url: "https://example.com/hook",
      description: HOSTILE,
      events: ["delivery.failed"],
    });
    await adminOf().createKey(app.id, { name: HOSTILE, scopes: ["read"] });
    const { notificationId } = await onecall.notifications.send(
      "order-confirmation",
      { customerName: HOSTILE, orderId: HOSTILE },
      { to: HOSTILE_UID, title: HOSTILE, tag: HOSTILE },
    );
    await waitForState(onecall, notificationId, "completed");
    return notificationId;
  }

  /** Nothing that somebody wrote became markup, a link that runs, or a picture of elsewhere. */
  async function requireText(page: Page): Promise<void> {
    const found = await page.evaluate(() => ({
      isHacked: "hacked" in globalThis,
      made: [...document.querySelectorAll("img, iframe, object, embed, [onerror], [onclick]")].length,
      links: [...document.querySelectorAll("a")]
        .map(({ href }) => href)
        .filter((href) => !/^https?:/.test(href)),
    }));
    assert.deepEqual(found, { isHacked: false, made: 0, links: [] }, page.url());
  }

  /** No secret is in a page, its address, or what the browser keeps where a script can read it. */
  async function requireNoSecret(page: Page, secrets: readonly string[]): Promise<void> {
    const kept = await page.evaluate(() =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        document.cookie,
        document.documentElement.outerHTML,
        location.href,
        history.state,
      ]),
    );
    for (const secret of secrets) assert.equal(kept.includes(secret), false, page.url());
  }

  test("what is hostile is text on every page, and no page has a secret", async () => {
    const rude = await fillHostile();
    const { page, expect, close } = await openSignedIn(browser, addressOf("home"), worker.adminToken);
    // What a sample value names is no picture of elsewhere either.
    expect(/400/);
    const query = encodeURIComponent(HOSTILE);
    const walk: readonly (readonly [path: string, text: string])[] = [
      ["home", "What failed most"],
      [`notifications?tag=${query}`, HOSTILE],
      [`notifications/${rude}`, HOSTILE],
      [`notifications/${rude}?status=failed#deliveries`, HOSTILE_UID],
      [`notifications/${app.bad}?status=failed`, "user-without-order"],
      [`send?template=hostile&to=${query}`, "Show what a user gets"],
      ["files", "Drop a CSV here"],
      [`analytics?of=tag&key=${query}`, "Channel type"],
      ["users", HOSTILE_UID],
      [`users/${encodeURIComponent(HOSTILE_UID)}`, HOSTILE_UID],
      ["templates", HOSTILE],
      ["templates/hostile", HOSTILE],
      ["templates/hostile/versions", "hostile"],
      ["channels", HOSTILE.slice(0, 90)],
      ["channels/hostile-hooks", HOSTILE.slice(0, 90)],
      ["webhooks", HOSTILE],
      ["api-keys", HOSTILE],
      ["audit-log", HOSTILE.slice(0, 10)],
      ["app", HOSTILE],
      [`search?q=${query}`, HOSTILE],
    ];
    for (const [path, text] of walk) {
      await page.goto(addressOf(path));
      await page.locator("main").getByText(text).first().waitFor();
      for (const summary of await page.locator("summary").all()) await summary.click();
      await requireText(page);
      await requireNoSecret(page, [app.apiKey, worker.adminToken]);
    }
    await page.goto(`${worker.url}/dashboard/apps`);
    await page.getByRole("button", { name: HOSTILE }).waitFor();
    await requireText(page);
    await close();
  });

  test("a provider's words about a user are text", async () => {
    const { data } = await app.onecall.notifications
      .list({ tag: HOSTILE, mode: "realtime", limit: 1 })
      .page();
    const { page, close } = await openSignedIn(
      browser,
      addressOf(`notifications/${data[0]?.id}?channel=mobile-push&status=failed`),
      app.apiKey,
    );
    await page.getByRole("row").filter({ hasText: HOSTILE_UID }).getByText(`${HOSTILE}`).first().waitFor();
    await requireText(page);
    await close();
  });

  test("cells of a CSV are text: its columns, its faults, and its rows that are sent", async () => {
    const { page, expect, close } = await openSignedIn(browser, addressOf("files"), app.apiKey);
    // Whoever is sent to needs no record, and their page says so.
    expect(/400/, /404/);
    const choose = (text: string) =>
      page.getByLabel("CSV file", { exact: true }).setInputFiles({
        name: `${HOSTILE.slice(0, 20)}.csv`,
        mimeType: "text/csv",
        buffer: Buffer.from(text),
      });
    await choose(`user_id,"${HOSTILE.replaceAll('"', '""')}",orderId\nann,x\n`);
    await page.getByRole("alert").getByText("Line ").first().waitFor();
    await requireText(page);
    const cell = `"${HOSTILE.replaceAll('"', '""')}"`;
    await choose(`user_id,customerName,orderId\nann,${cell},${cell}\n`);
    await page.getByText("1 users, 0 named twice").waitFor();
    await requireText(page);
    const [file] = (await app.onecall.files.list().page()).data;
    const sent = await app.onecall.notifications.sendFile("order-confirmation", file?.fileKey ?? "");
    await waitForState(app.onecall, sent.notificationId, "completed");
    await page.goto(addressOf("users/ann"));
    await page.getByText("Order confirmation").or(page.getByText("order-confirmation")).first().waitFor();
    await requireText(page);
    await close();
  });

  test("an API key's session is told of another app's address, and isn't ended by it", async () => {
    const other = await adminOf().createApp({ name: "Another", shardCount: 16 });
    const { page, close } = await openSignedIn(browser, addressOf("home"), app.apiKey);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.headers().appid ?? ""));
    await page.goto(`${worker.url}/dashboard/${other.id}/users`);
    await page.getByText("Your key is another app's").waitFor();
    assert.equal(asked.includes(other.id), false);
    // Asked all the same, the service refuses.
    const status = await page.evaluate(
      async (id) => (await fetch("/v3/business-messaging/api/users", { headers: { appid: id } })).status,
      other.id,
    );
    assert.equal(status, 401);
    await page.getByRole("link", { name: "Open your app" }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await close().catch(({ message }: Error) => assert.match(message, /401/));
  });

  test("a page of elsewhere does nothing with the cookie, and shows nothing in a frame", async () => {
    const watched = await openSignedIn(browser, addressOf("home"), app.apiKey);
    const { page, context, expect, close } = watched;
    expect(/./);
    const { port } = elsewhere.address() as AddressInfo;
    const channels = async () => (await app.onecall.channels.list().page()).data.length;
    const before = await channels();
    // The same site and another origin: `SameSite` alone lets its cookie pass.
    for (const host of ["127.0.0.1", "localhost"]) {
      await page.goto(`http://${host}:${port}/`).catch(() => page.goto(`http://127.0.0.1:${port}/`));
      const tried = await page.evaluate(async (url) => {
        const address = `${url}/v3/business-messaging/api/channels`;
        const body = JSON.stringify({ name: "Evil", type: "in_app" });
        const send = (init: RequestInit) =>
          fetch(address, { credentials: "include", ...init }).catch(() => null);
        await send({ method: "POST", mode: "no-cors", body });
        await send({ method: "POST", headers: { "content-type": "application/json" }, body });
        return (await send({}))?.status ?? "unread";
      }, worker.url);
      assert.equal(tried, "unread");
    }
    assert.equal(await channels(), before);
    const isShown = await page.evaluate(async (url) => {
      const frame = document.createElement("iframe");
      frame.src = url;
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      document.body.append(frame);
      await loaded;
      return frame.contentDocument !== null;
    }, addressOf("home"));
    assert.equal(isShown, false);
    for (const frame of page.frames().slice(1)) assert.equal(await frame.getByText("Onecall").count(), 0);
    assert.equal((await context.cookies(worker.url)).length, 1);
    await close();
  });
});
