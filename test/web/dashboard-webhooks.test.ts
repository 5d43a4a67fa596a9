import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import { openSignedIn, requireGoodLooks } from "./support/dashboard-pages.ts";
import { type FilledApp, fillApp, HOSTILE } from "./support/filled-app.ts";

describe("the dashboard's webhooks", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: FilledApp;
  /** The app's own server, and what it answers now. */
  let receiver: Server;
  let status = 200;
  before(async () => {
    receiver = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(status).end(status < 300 ? "taken" : HOSTILE));
    });
    receiver.listen(0, "localhost");
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser(), once(receiver, "listening")]);
    app = await fillApp(worker);
  });
  after(async () => {
    await browser.close();
    await worker.stop();
    receiver.closeAllConnections();
    receiver.close();
  });

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;
  const hookAt = (path: string) => `http://localhost:${(receiver.address() as AddressInfo).port}/${path}`;

  test("an endpoint is made, tested, fails, and is sent again what it missed", async () => {
    status = 200;
    const url = hookAt("orders");
    const { page, close } = await openSignedIn(browser, addressOf("home"), app.apiKey);
    await page.getByRole("link", { name: "Webhooks" }).click();
    await page.getByText("No endpoint is here").waitFor();
    await page.getByLabel("URL").fill(url);
    await page.getByLabel("Description").fill("Orders");
    await page.getByLabel("delivery.failed").check();
    await page.getByRole("button", { name: "Make the endpoint" }).click();
    await page.getByText(/^whsec_/).waitFor();
    await page.getByRole("link", { name: url }).click();
    await page.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    await page.getByText("It wasn't called yet").waitFor();
    await page.getByRole("button", { name: "Send a test call" }).click();
    await page.getByRole("row", { name: /webhook\.test.*succeeded.*200.*taken/ }).waitFor();
    // What an endpoint answers is text; what it hasn't taken can be sent again.
    status = 500;
    await page.getByRole("button", { name: "Send a test call" }).click();
    const failed = page.getByRole("row", { name: /webhook\.test.*failed.*500/ });
    await failed.getByText(HOSTILE).waitFor();
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    status = 200;
    await failed.getByRole("button", { name: "Resend webhook.test" }).click();
    await page
      .getByRole("row", { name: /succeeded/ })
      .nth(1)
      .waitFor();
    await page.getByLabel(/^Since/).fill("2026-01-01T00:00");
    await page.getByRole("button", { name: "Recover" }).click();
    await page.getByText("0 calls are sent again.").waitFor();
    await page.reload();
    await page
      .getByRole("row", { name: /succeeded/ })
      .nth(1)
      .waitFor();
    assert.equal(await page.getByText(/whsec_/).count(), 0);
    await close();
  });

  test("its secret is rotated, it is changed, disabled and deleted", async () => {
    const made = await app.onecall.webhooks.create({
      url: hookAt("other"),
      events: ["notification.completed"],
    });
    const { page, close } = await openSignedIn(browser, addressOf(`webhooks/${made.id}`), app.apiKey);
    await page.getByRole("button", { name: "Rotate the secret …" }).click();
    await page.getByText("Your servers need the new secret within 24 hours.").waitFor();
    await page.getByRole("button", { name: "Rotate the secret", exact: true }).click();
    const secret = page.getByText(/^whsec_/);
    await secret.waitFor();
    assert.notEqual(await secret.textContent(), made.secret);
    await page.getByText("the one before signs until").waitFor();
    const change = page.getByRole("form", { name: "Change the endpoint" });
    await change.getByLabel("Description").fill(HOSTILE);
    await change.getByLabel("Events a call, at most").fill("50");
    await change.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: HOSTILE }).waitFor();
    await page.getByText("at most 50 a call").waitFor();
    await change.getByRole("button", { name: "Disable" }).click();
    await page.getByText("somebody disabled it").waitFor();
    await page.getByText("enable it first").waitFor();
    await change.getByRole("button", { name: "Delete this endpoint …" }).click();
    await change.getByRole("button", { name: "Delete this endpoint", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Webhooks" }).waitFor();
    await page.getByRole("button", { name: "Refresh" }).waitFor();
    assert.equal(await page.getByRole("link", { name: hookAt("other") }).count(), 0);
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    await close();
  });

  test("a URL that can't be is told, and what a key may not do isn't shown", async () => {
    const { page, expect, close } = await openSignedIn(browser, addressOf("webhooks"), app.apiKey);
    expect(/400/);
    await page.getByLabel("URL").fill("ftp://hooks.shop.com");
    await page.getByRole("button", { name: "Make the endpoint" }).click();
    await page.getByRole("alert").getByText("Request").waitFor();
    await close();
    const admin = new Onecall({ url: worker.url, adminToken: worker.adminToken });
    const { apiKey } = await admin.admin.createKey(app.id, { name: "reader", scopes: ["read"] });
    const { id } = await app.onecall.webhooks.create({
      url: hookAt("read"),
      events: ["notification.completed"],
    });
    const reader = await openSignedIn(browser, addressOf(`webhooks/${id}`), apiKey);
    await reader.page.getByText("It wasn't called yet").waitFor();
    assert.equal(await reader.page.getByRole("button", { name: /test call|Rotate|Save|Delete/ }).count(), 0);
    await reader.close();
  });

  test("they are accessible and fit their window in light, in dark and on a phone", async () => {
    status = 500;
    const { id } = await app.onecall.webhooks.create({
      url: hookAt("looked-at"),
      events: ["notification.completed"],
    });
    await app.onecall.webhooks.test(id);
    const { page, close } = await openSignedIn(browser, addressOf("webhooks"), app.apiKey);
    await requireGoodLooks(page, addressOf("webhooks"), "looked-at");
    await requireGoodLooks(page, addressOf(`webhooks/${id}`), "webhook.test");
    await close();
  });
});
