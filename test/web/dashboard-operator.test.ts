import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { openPage, startBrowser, type WatchedPage } from "./support/browser.ts";
import { openSignedIn, requireGoodLooks } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp } from "./support/filled-app.ts";

describe("the operator's dashboard", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: FilledApp;
  let admin: Onecall["admin"];
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
    app = await fillApp(worker);
    ({ admin } = new Onecall({ url: worker.url, adminToken: worker.adminToken }));
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  const open = (path: string): Promise<WatchedPage> =>
    openSignedIn(browser, `${worker.url}/dashboard/${path}`, worker.adminToken);

  const openings = async (of: FilledApp["onecall"]) =>
    (await of.auditLog.list({ action: "dashboard.opened" }).page()).data.length;

  test("a link to a page of an app writes a line into its audit log, as the list does, and once", async () => {
    const { id, apiKey } = await admin.createApp({ name: "Linked", shardCount: 16 });
    const linked = new Onecall({ url: worker.url, apiKey });
    const { page, close } = await open("apps");
    await page.goto(`${worker.url}/dashboard/${id}/audit-log`);
    await page.getByRole("link", { name: "dashboard.opened" }).waitFor();
    assert.equal(await openings(linked), 1);
    await page.reload();
    await page.getByRole("link", { name: "dashboard.opened" }).waitFor();
    assert.equal(await openings(linked), 1);
    // Its name, not its id, stands where one switches.
    await page.getByRole("link", { name: "Linked Switch app" }).waitFor();
    await page.goto(`${worker.url}/dashboard/${app.id}/home`);
    await page.getByRole("heading", { name: "Running now" }).waitFor();
    assert.equal(await openings(app.onecall), 1);
    await close();
  });

  test("an app that there isn't is told by its address", async () => {
    const { page, expect, close } = await open("apps");
    expect(/404/);
    await page.goto(`${worker.url}/dashboard/no-such-app/home`);
    await page.getByRole("alert").getByText("It was deleted, is of another app").waitFor();
    await close();
  });

  test("an app is made with its quotas, its key is shown once, and it is opened", async () => {
    const { page, close } = await open("apps");
    const form = page.getByRole("form", { name: "A new app" });
    await form.getByLabel("Name", { exact: true }).fill("Made here");
    await form.getByLabel("Id (made of the name where empty)").fill("made-here");
    await form.getByLabel(/User shards/).fill("32");
    await form.getByText("Quotas").click();
    await form.getByLabel("API keys").fill("7");
    await form.getByRole("button", { name: "Make the app" }).click();
    const key = (await form.getByText(/^oc_made-here_/).textContent()) ?? "";
    assert.equal((await new Onecall({ url: worker.url, apiKey: key }).channels.list().page()).data.length, 0);
    await form.getByRole("button", { name: "Open Made here" }).waitFor();
    const made = await admin.app("made-here");
    assert.deepEqual([made.name, made.shardCount, made.quotas.keys.limit], ["Made here", 32, 7]);
    await form.getByRole("button", { name: "Open Made here" }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await page.getByRole("link", { name: "App", exact: true }).click();
    await page.getByRole("row", { name: "API keys 1 7" }).waitFor();
    // Saved, and emptied again: the default is back.
    const quotas = page.getByRole("form", { name: "Quotas" });
    await quotas.getByLabel("Webhooks").fill("3");
    await quotas.getByRole("button", { name: "Save the quotas" }).click();
    await page.getByRole("row", { name: "Webhooks 0 3" }).waitFor();
    await quotas.getByLabel("Webhooks").fill("3");
    await quotas.getByLabel("Webhooks").fill("");
    await quotas.getByRole("button", { name: "Save the quotas" }).click();
    await page.getByRole("row", { name: "Webhooks 0 10" }).waitFor();
    assert.equal(await page.getByText(/^oc_/).count(), 0);
    await close();
  });

  test("what is wrong with a new app is named, and a taken id", async () => {
    const { page, expect, close } = await open("apps");
    expect(/40[09]/);
    const form = page.getByRole("form", { name: "A new app" });
    await form.getByLabel("Name", { exact: true }).fill("Again");
    await form.getByLabel("Id (made of the name where empty)").fill("NOT AN ID");
    await form.getByRole("button", { name: "Make the app" }).click();
    await form.getByRole("alert").getByText("lower-case letters").first().waitFor();
    await form.getByLabel("Id (made of the name where empty)").fill(app.id);
    await form.getByRole("button", { name: "Make the app" }).click();
    await form.getByRole("alert").getByText("exists").first().waitFor();
    await close();
  });

  test("an app is erased when its name was typed, and its steps are followed", async () => {
    const { id } = await admin.createApp({ name: "Short-lived", shardCount: 16 });
    const { page, close } = await open(`${id}/app`);
    const form = page.getByRole("form", { name: "Erase the app" });
    const button = form.getByRole("button", { name: "Erase Short-lived for ever" });
    await form.getByLabel(/Type the app's name/).fill("short-lived");
    assert.equal(await button.isDisabled(), true);
    await form.getByLabel(/Type the app's name/).fill("Short-lived");
    await button.click();
    const erasure = page.getByRole("region", { name: `Erasure of ${id}` });
    await erasure.getByText(/Step [12] of 6/).waitFor();
    assert.match(page.url(), new RegExp(`/dashboard/apps\\?erasing=${id}$`));
    assert.equal(await page.getByRole("button", { name: "Short-lived", exact: true }).count(), 0);
    // The page goes on to say where it is, also after it was loaded again, and without a click.
    await page.reload();
    await erasure.getByText("Step 2 of 6").waitFor();
    await erasure.getByRole("listitem").filter({ hasText: "erasing" }).waitFor();
    await close();
  });

  test("a key's end is told before it is confirmed: who is signed in, what it does, what goes on", async () => {
    const { apiKey, id } = await admin.createKey(app.id, { name: "shop server", scopes: ["send", "read"] });
    const shop = new Onecall({ url: worker.url, apiKey });
    const { notificationId } = await shop.notifications.send(
      "order-confirmation",
      { customerName: "Ann", orderId: "1" },
      { to: "ann" },
    );
    await shop.notifications.get(notificationId);
    const shopPage = await openSignedIn(browser, `${worker.url}/dashboard/${app.id}/home`, apiKey);
    const { page, close } = await open(`${app.id}/api-keys`);
    while ((await admin.key(app.id, id)).uses.read === null) await delay(50);
    await page.reload();
    await page.getByRole("button", { name: "Revoke shop server …" }).click();
    const asked = page.getByRole("alert");
    await asked.getByText("Calls that send: the last was made").waitFor();
    await asked.getByText("Calls that read: the last was made").waitFor();
    await asked.getByText("1 sign-in to the dashboard of the last 12 hours").waitFor();
    await asked.getByText("0 notifications of its being sent").waitFor();
    await page.getByRole("button", { name: "Revoke shop server", exact: true }).click();
    await page.getByRole("button", { name: "Revoke shop server …" }).waitFor({ state: "detached" });
    // The session ends, and what it sent goes on to name it.
    shopPage.expect(/401/);
    await shopPage.page.getByRole("link", { name: "Notifications", exact: true }).click();
    await shopPage.page.getByText("Your session has ended").waitFor();
    await shopPage.close();
    await page.goto(`${worker.url}/dashboard/${app.id}/notifications/${notificationId}`);
    await page.getByRole("definition").filter({ hasText: "shop server" }).getByText("by the API").waitFor();
    await page.getByRole("link", { name: "shop server" }).click();
    await page.getByRole("row", { name: /notification\.sent/ }).waitFor();
    await close();
  });

  test("the operator's calls are copied with the admin token as a variable", async () => {
    const context = { permissions: ["clipboard-read", "clipboard-write"] };
    const watched = await openPage(browser, `${worker.url}/dashboard/apps`, context);
    await watched.page.getByLabel("API key or admin token").fill(worker.adminToken);
    await watched.page.getByRole("button", { name: "Sign in" }).click();
    const { page, close } = watched;
    const copied = async (group: string, button: string): Promise<string> => {
      await page
        .getByRole("group", { name: `The call: ${group}` })
        .getByRole("button", { name: button })
        .click();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    assert.equal(
      await copied("the list", "Copy as curl"),
      `curl -X GET '${worker.url}/admin/apps' \\\n  -H "Authorization: Bearer $ONECALL_ADMIN_TOKEN"`,
    );
    assert.match(
      await copied("the list", "Copy as client code"),
      /await onecall\.admin\.apps\(\)\.page\(\);$/,
    );
    await page.goto(`${worker.url}/dashboard/${app.id}/home`);
    for (const [group, call] of [
      ["what runs", "notifications.list("],
      ["what failed", "notifications.list("],
      ["what was delivered", "analytics.channels("],
      ["the status", "admin.appStatus("],
    ] as const) {
      assert.ok((await copied(group, "Copy as client code")).includes(`onecall.${call}`), group);
    }
    await page.goto(`${worker.url}/dashboard/${app.id}/api-keys`);
    assert.match(await copied("making the key", "Copy as curl"), /-d '\{"name":"","scopes":\["send"\]\}'$/);
    await close();
  });

  test("apps, an app and its keys are accessible and fit their window in light, in dark and on a phone", async () => {
    const { page, close } = await open("apps");
    for (const [path, ready] of [
      ["apps", "A new app"],
      [`${app.id}/app`, "Erase the app"],
      [`${app.id}/api-keys`, "default"],
    ] as const) {
      await requireGoodLooks(page, `${worker.url}/dashboard/${path}`, ready);
    }
    const { id } = await admin.createApp({ name: "Looked at", shardCount: 16 });
    await admin.deleteApp(id, { name: "Looked at" });
    await requireGoodLooks(page, `${worker.url}/dashboard/apps?erasing=${id}`, "Being erased");
    await close();
  });
});
