import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { type FakeProject, FakeProviders } from "../support/providers/client.ts";
import { startFakeProviders } from "../support/providers/server.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import { openSignedIn, requireGoodLooks } from "./support/dashboard-pages.ts";
import { HOSTILE } from "./support/filled-app.ts";

describe("the dashboard's channels", () => {
  let worker: TestWorker;
  let browser: Browser;
  let fakes: Awaited<ReturnType<typeof startFakeProviders>>;
  let project: FakeProject;
  let app: { id: string; apiKey: string };
  let onecall: Onecall;
  before(async () => {
    fakes = await startFakeProviders();
    [worker, browser] = await Promise.all([startTestWorker({ providers: fakes.url }), startBrowser()]);
    const { url, adminToken } = worker;
    project = await new FakeProviders(fakes.url).createProject();
    app = await new Onecall({ url, adminToken }).admin.createApp({ name: "Shop", shardCount: 16 });
    onecall = new Onecall({ url, apiKey: app.apiKey });
    const { apns } = project.credentials;
    await onecall.channels.create({ name: "Apple devices", type: "push", providers: { apns } });
    await onecall.channels.create({ name: HOSTILE, key: "hooks", type: "webhook" });
    for (const device of await project.createDevices("fcm")) await onecall.devices.register("mia", device);
    for (const device of await project.createDevices("apns", 6))
      await onecall.devices.register("bob", device);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
    await fakes.stop();
  });

  const signedIn = (path: string, options: BrowserContextOptions = {}, token = app.apiKey) =>
    openSignedIn(browser, addressOf(path), token, options);
  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;

  test("the pages are accessible and fit their window in light, in dark and on a phone", async () => {
    const { page, close } = await signedIn("channels", {}, worker.adminToken);
    for (const [path, text] of [
      ["channels", "A new channel"],
      ["channels/apple-devices", "Every provider answers"],
      ["channels/hooks", "Fingerprint"],
    ] as const) {
      await requireGoodLooks(page, addressOf(path), text);
    }
    await close();
  });

  test("a push channel is made, gets a provider, is tested, disabled and enabled", async () => {
    const { page, expect, close } = await signedIn("channels");
    expect(/400/);
    await page.getByLabel("Name", { exact: true }).fill("Mobile push");
    await page.getByLabel("Type: it never changes").selectOption("push");
    await page.getByRole("button", { name: "Make the channel" }).click();
    await page.getByRole("heading", { level: 1, name: "Mobile push" }).waitFor();
    assert.equal(page.url(), addressOf("channels/mobile-push"));
    const fcm = page.getByRole("region", { name: "Firebase (FCM)" });
    await fcm.getByText("not set").waitFor();
    await fcm.getByText("Set Firebase (FCM)").click();
    const json = fcm.getByLabel("The service account's JSON file, as it is");
    await json.fill("{");
    await fcm.getByText("That isn't JSON").waitFor();
    await json.fill('{"project_id": "shop", "client_email": "a@b.example", "private_key": "none"}');
    await fcm.getByRole("button", { name: "Save Firebase (FCM)" }).click();
    await fcm.getByRole("alert").getByText("providers.fcm.private_key", { exact: true }).waitFor();
    await fcm
      .getByRole("alert")
      .getByText(/^Request/)
      .waitFor();
    const account = project.credentials.fcm;
    await json.fill(JSON.stringify(account));
    await fcm.getByRole("button", { name: "Save Firebase (FCM)" }).click();
    await fcm.getByText("fingerprint").waitFor();
    // The private key went in, and is nowhere on the page.
    assert.equal((await page.content()).includes(account.private_key.slice(60, 120)), false);
    const trial = page.getByRole("form", { name: "Test" });
    await trial.getByLabel("User id").fill("mia");
    await trial.getByLabel("Title").fill("A look");
    await trial.getByRole("button", { name: "Send a test push" }).click();
    await trial.getByText("accepted: It was taken.").waitFor();
    await page.getByRole("button", { name: "Disable Mobile push …" }).click();
    await page.getByRole("button", { name: "Disable Mobile push", exact: true }).click();
    await page.getByText("channel_disabled").waitFor();
    assert.equal((await onecall.channels.get("mobile-push")).enabled, false);
    await page.getByRole("button", { name: "Enable Mobile push" }).click();
    await page.getByRole("button", { name: "Disable Mobile push …" }).waitFor();
    await fcm.getByRole("button", { name: "Remove Firebase (FCM) …" }).click();
    await fcm.getByRole("button", { name: "Remove Firebase (FCM)", exact: true }).click();
    await fcm.getByText("not set").waitFor();
    await close();
  });

  test("the operator sees the circuit of a provider that fails, and a test says what it said", async () => {
    await project.setFaults([{ provider: "apns", status: 503 }]);
    await onecall.templates.create({
      name: "News",
      channelKeys: ["apple-devices"],
      content: { "apple-devices": { title: "News", body: "There are some." } },
    });
    await onecall.templates.approve("news");
    // Six devices of one user: more failures in a row than a circuit takes.
    await onecall.notifications.send("news", {}, { to: "bob" });
    const { page, close } = await signedIn("channels", {}, worker.adminToken);
    await page.getByRole("link", { name: "Apple devices" }).click();
    const circuits = page.getByRole("region", { name: "Circuits" });
    await circuits
      .getByText(/open|closed/)
      .first()
      .waitFor();
    while (!(await circuits.getByText("it gets one call per 30 s").isVisible())) {
      await circuits.getByRole("button", { name: "Refresh" }).click();
    }
    const trial = page.getByRole("form", { name: "Test" });
    await trial.getByLabel("User id").fill("bob");
    await trial.getByRole("button", { name: "Send a test push" }).click();
    await trial.getByText("retry: It wasn't taken now").waitFor();
    await close();
  });

  test("a webhook channel's secret is shown once, and rotated", async () => {
    const { page, close } = await signedIn("channels");
    await page.getByRole("link", { name: HOSTILE }).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Rooms");
    await page.getByLabel("Type: it never changes").selectOption("webhook");
    await page.getByRole("button", { name: "Make the channel" }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.reload();
    await page.getByText("Fingerprint").waitFor();
    assert.equal(await page.getByText(/^whsec_/).count(), 0);
    await page.getByRole("button", { name: "Rotate secret of Rooms …" }).click();
    await page.getByRole("button", { name: "Rotate secret of Rooms", exact: true }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByText("the one before signs too until").waitFor();
    await page.goto(addressOf("channels/hooks"));
    await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    await close();
  });

  test("a key that may read sees channels, and nothing to change or to test them with", async () => {
    const { url, adminToken } = worker;
    const { apiKey } = await new Onecall({ url, adminToken }).admin.createKey(app.id, {
      name: "reader",
      scopes: ["read"],
    });
    const { page, close } = await signedIn("channels", {}, apiKey);
    await page.getByRole("link", { name: "Apple devices" }).click();
    await page.getByRole("region", { name: "Apple (APNs)" }).getByText("fingerprint").waitFor();
    for (const name of [/Disable/, /Save/, /Remove/, /test push/]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
    }
    assert.equal(await page.getByRole("region", { name: "Circuits" }).count(), 0);
    await close();
  });
});
