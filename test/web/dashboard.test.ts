import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { openPage, startBrowser, type WatchedPage } from "./support/browser.ts";
import {
  chooseTemplate,
  openSignedIn,
  requireGoodLooks,
  requireGoodPage,
} from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp, HOSTILE } from "./support/filled-app.ts";

describe("the dashboard", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: FilledApp;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
    app = await fillApp(worker);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;

  /** A page at an address, signed in. */
  function signedIn(
    path: string,
    options: BrowserContextOptions = {},
    token = app.apiKey,
  ): Promise<WatchedPage> {
    return openSignedIn(browser, addressOf(path), token, options);
  }

  test("every page is accessible and fits its window in light, in dark and on a phone", async () => {
    const out = await openPage(browser, `${worker.url}/dashboard`);
    await requireGoodLooks(out.page, `${worker.url}/dashboard`, "Sign in to Onecall");
    await out.close();
    const { page, close } = await signedIn("home");
    for (const [path, text] of [
      ["home", "A required variable had no value for this user"],
      ["send?template=order-confirmation", "Show what a user gets"],
      ["notifications", "Order confirmed"],
      [`notifications/${app.bad}?status=failed`, "user-without-order"],
      ["users", "mia-online"],
      ["users/mia-online", "Nothing was sent to this user yet"],
      ["audit-log", "template.approved"],
      ["nothing-here", "No such page"],
    ] as const) {
      await requireGoodLooks(page, addressOf(path), text);
    }
    await close();
  });

  test("from the list to one failed delivery, its reason, and a retry for its user", async () => {
    const { page, close } = await signedIn("notifications");
    await page.getByLabel("Failures").selectOption("With failures");
    await page.waitForURL(/hasFailures=true/);
    await page.getByRole("link", { name: "Order confirmed" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: HOSTILE }).click();
    // The equation closes, and each of its numbers leads to its rows.
    const channel = page.getByRole("region", { name: "Channel in-app-alerts" });
    await channel.getByRole("link", { name: "31 delivered" }).waitFor();
    await channel.getByRole("link", { name: "1 failed" }).click();
    const deliveries = page.getByRole("region", { name: "Deliveries" }).first();
    await deliveries.getByText("user-without-order").first().waitFor();
    await deliveries.getByText("user-1", { exact: true }).waitFor({ state: "detached" });
    assert.match(page.url(), /status=failed/);
    await page.getByText("A required variable had no value for this user").first().waitFor();
    await page.getByRole("button", { name: "Retry for user-without-order" }).click();
    await page.getByRole("definition").filter({ hasText: /^2$/ }).waitFor();
    await page.getByText("completed").first().waitFor();
    await close();
  });

  test("failures come as a file that can be mended and sent", async () => {
    const { page, close } = await signedIn(`notifications/${app.bad}`);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download failures as CSV" }).click(),
    ]);
    assert.match(readFileSync(await file.path(), "utf8"), /user-without-order/);
    await close();
  });

  test("a batch is followed while it runs, without a look of one's own", async () => {
    const recipients = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [
        `many-${index}`,
        { customerName: "M", orderId: `${index}` },
      ]),
    );
    const { page, close } = await signedIn("notifications");
    const { notificationId } = await app.onecall.notifications.sendBatch("order-confirmation", recipients);
    await page.goto(addressOf(`notifications/${notificationId}`));
    const channel = page.getByRole("region", { name: "Channel in-app-alerts" });
    await channel.getByRole("link", { name: "5,000 delivered 100 %" }).waitFor({ timeout: 60_000 });
    await page.getByRole("status").filter({ hasText: "Completed" }).waitFor({ state: "attached" });
    await close();
  });

  test("the operator chooses an app, and has a notification's rows counted anew", async () => {
    const { page, close } = await signedIn("", {}, worker.adminToken);
    await page.getByRole("link", { name: /Switch app/ }).click();
    await page.getByRole("button", { name: "Shop" }).click();
    await page.getByRole("link", { name: "Notifications" }).click();
    await page.getByRole("link", { name: "Order confirmed" }).click();
    await page.getByRole("button", { name: "Count anew" }).click();
    await page.getByText("The counts are those of the stored rows, one by one.").waitFor();
    await close();
  });

  test("a user is found, and what became of all that was sent to them", async () => {
    const { page, close } = await signedIn("users");
    await page.getByLabel("Id or name begins with").fill("mia");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "mia-online" }).waitFor();
    await page.getByRole("link", { name: "mia-online" }).click();
    await page.getByText("Nothing was sent to this user yet").waitFor();
    await page.getByRole("button", { name: "Send notification" }).click();
    await chooseTemplate(page, "order-confirmation");
    await page.getByRole("button", { name: "Send to mia-online" }).waitFor();
    await close();
  });

  test("the operator makes a key, which is shown once, and revokes it", async () => {
    const { page, close } = await signedIn("api-keys", {}, worker.adminToken);
    await page.getByLabel("Name: who uses it").fill("a shop's server");
    await page.getByRole("button", { name: "Make the key" }).click();
    await page.getByText(/^oc_/).waitFor();
    await requireGoodPage(page, "api-keys");
    await page.getByRole("button", { name: "Revoke a shop's server …" }).click();
    await page.getByRole("button", { name: "Revoke a shop's server", exact: true }).click();
    await page.getByRole("button", { name: "Revoke a shop's server …" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("button", { name: "Revoke default …" }).waitFor();
    assert.equal(await page.getByText(/^oc_/).count(), 0);
    await close();
  });

  test("a link signs in once, and its code is gone from the address", async () => {
    const admin = { method: "POST", headers: { authorization: `Bearer ${worker.adminToken}` } };
    const made = await fetch(`${worker.url}/admin/apps/${app.id}/sign-in-codes`, admin);
    const { url } = (await made.json()) as { url: string };
    const first = await openPage(browser, url);
    await first.page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    assert.equal(first.page.url(), addressOf("home"));
    await first.close();
    const second = await openPage(browser, url);
    second.expect(/401/);
    await second.page.getByText("The link was used, or has ended").waitFor();
    await second.close();
  });

  test("what is hostile is text, and no secret is in the page, its storage or its address", async () => {
    const { page, context, close } = await signedIn(`notifications/${app.bad}`);
    await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
    await page.getByText("Payload").click();
    await page.getByText("Content of order-confirmation").waitFor();
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    const kept = await page.evaluate(() =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        document.documentElement.outerHTML,
        location.href,
      ]),
    );
    assert.equal(kept.includes(app.apiKey), false);
    assert.equal(await page.evaluate(() => document.cookie), "");
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
    await close();
  });

  test("a session ends with its key, and the page says so", async () => {
    const admin = { authorization: `Bearer ${worker.adminToken}`, "content-type": "application/json" };
    const keys = `${worker.url}/admin/apps/${app.id}/keys`;
    const body = JSON.stringify({ name: "short", scopes: ["read"] });
    const made = (await (await fetch(keys, { method: "POST", headers: admin, body })).json()) as {
      id: string;
      apiKey: string;
    };
    const watched = await signedIn("notifications", {}, made.apiKey);
    watched.expect(/401/);
    await fetch(`${keys}/${made.id}`, { method: "DELETE", headers: admin });
    await watched.page.getByRole("button", { name: "Refresh" }).click();
    await watched.page.getByText("Your session has ended").waitFor();
    await watched.close();
  });

  test("a template is sent to users by their ids, after a look at what they get", async () => {
    const { page, close } = await signedIn("home");
    await page.getByRole("link", { name: "Send" }).first().click();
    await chooseTemplate(page, "order-confirmation");
    await page.getByLabel(/User ids/).fill("ann\nbob, bob");
    await page.getByLabel("customerName").fill("Ann");
    await page.getByLabel("orderId").fill("A-1");
    await page.getByRole("button", { name: "Show what a user gets" }).click();
    await page.getByText("Order A-1 is on its way.").waitFor();
    await page.getByRole("button", { name: "Send to 2 users" }).click();
    await page.getByRole("link", { name: "2 delivered 100 %" }).waitFor();
    await close();
  });

  test("a CSV's faults are shown line by line, and the mended file is sent", async () => {
    const { page, expect, close } = await signedIn("send?template=order-confirmation");
    expect(/400/);
    await page.getByLabel("A CSV file").check();
    const upload = (text: string) =>
      page
        .getByLabel("CSV file", { exact: true })
        .setInputFiles({ name: "october.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await upload("user_id,customerName,orderId\nann,Ann,1\n,Bob,2\n");
    await page.getByText("user_id must be a user id").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download these rows" }).click(),
    ]);
    assert.equal(readFileSync(await file.path(), "utf8"), "user_id,customerName,orderId\n,Bob,2\n");
    await upload("user_id,customerName,orderId\nann,Ann,1\nbob,Bob,2\n");
    await page.getByText("2 users, 0 named twice").waitFor();
    await page.getByRole("button", { name: "Send to 2 users" }).click();
    await page.getByRole("link", { name: "2 delivered 100 %" }).waitFor();
    await close();
  });

  test("the keyboard is enough: / searches, an id opens its notification", async () => {
    const { page, close } = await signedIn("notifications");
    await page.getByRole("link", { name: "Order confirmed" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type(app.good);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Order confirmed" }).waitFor();
    await close();
  });

  test("what of another address fails stands alone, without what was there before", async () => {
    const { page, expect, close } = await signedIn(`notifications/${app.good}`);
    expect(/404/);
    await page.getByRole("heading", { level: 1, name: "Order confirmed" }).waitFor();
    await page.evaluate(
      (address) => {
        const link = document.createElement("a");
        link.href = address;
        document.body.append(link);
        link.click();
        link.remove();
      },
      addressOf(`notifications/${app.good.replace(/.{4}$/, "0000")}`),
    );
    await page.getByRole("alert").getByText("It was deleted").waitFor();
    assert.equal(await page.getByRole("heading", { name: "Order confirmed" }).count(), 0);
    assert.equal(await page.getByRole("region", { name: "Deliveries" }).count(), 0);
    await close();
  });

  test("a page whose code is gone, and an address that can't be read, say so", async () => {
    const { page, expect, close } = await signedIn("home");
    expect(/ERR_FAILED/, /URI malformed/, /URIError/);
    await page.route(/assets\/audit-log/, (route) => route.abort());
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByRole("heading", { level: 1, name: "The page's code can't be fetched" }).waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { level: 1, name: "Audit log" }).waitFor();
    await page.goto(`${worker.url}/dashboard/%E0%A4%A/home`);
    await page.getByRole("link", { name: "Begin at the start" }).click();
    await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
    await close();
  });

  test("a sign-out that failed says so, and one that didn't ends the session", async () => {
    const { page, expect, close } = await signedIn("home");
    expect(/ERR_FAILED/);
    // From here on: the page has asked for its session, and shows it.
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await page.route("**/dashboard/session", (route) => route.abort());
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Look at your connection").waitFor();
    await page.unrouteAll();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Onecall" }).waitFor();
    await close();
  });
});
