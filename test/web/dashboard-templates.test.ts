import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { Onecall } from "../../src/client/index.ts";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";
import { startBrowser } from "./support/browser.ts";
import { openSignedIn, requireGoodLooks, serveImages } from "./support/dashboard-pages.ts";
import { HOSTILE } from "./support/filled-app.ts";

describe("the dashboard's templates", () => {
  let worker: TestWorker;
  let browser: Browser;
  let app: { id: string; apiKey: string };
  let onecall: Onecall;
  before(async () => {
    [worker, browser] = await Promise.all([startTestWorker(), startBrowser()]);
    const { url, adminToken } = worker;
    app = await new Onecall({ url, adminToken }).admin.createApp({ name: "Shop", shardCount: 16 });
    onecall = new Onecall({ url, apiKey: app.apiKey });
    await onecall.channels.create({ name: "In-app alerts", type: "in_app" });
    await onecall.channels.create({ name: "Mobile push", type: "push" });
    await onecall.templates.create({
      name: HOSTILE,
      key: "welcome",
      category: "greetings",
      channelKeys: ["in-app-alerts", "mobile-push"],
      content: {
        "in-app-alerts": { title: "Hello {{name}}", body: HOSTILE, image: "{{photo}}", action: "{{link}}" },
        "mobile-push": { title: "Hello {{name}}", body: "From {{city}}: {{photo.url}}" },
      },
      variableSchema: {
        name: { type: "string" },
        city: { type: "string", default: "Rome" },
        photo: { type: "image", required: false },
        link: { type: "action", required: false },
      },
    });
    await onecall.templates.update("welcome", { status: "approved" });
    await onecall.templates.update("welcome", {
      content: {
        "in-app-alerts": { title: "Welcome {{name}}", body: HOSTILE },
        "mobile-push": { title: "Welcome {{name}}", body: "From {{city}}: {{photo.url}}" },
      },
    });
  });
  after(async () => {
    await browser.close();
    await worker.stop();
  });

  const addressOf = (path: string) => `${worker.url}/dashboard/${app.id}/${path}`;

  const signedIn = (path: string, options: BrowserContextOptions = {}, token = app.apiKey) =>
    openSignedIn(browser, addressOf(path), token, options);

  test("the pages are accessible and fit their window in light, in dark and on a phone", async () => {
    const { page, close } = await signedIn("templates");
    for (const [path, text] of [
      ["templates", "greetings"],
      ["templates?search=none", "No template fits"],
      ["templates/welcome", "Android lock screen"],
      ["templates/welcome/versions", "From version 1 to version 2"],
      ["new-template", "Choose a channel to see what its users get."],
    ] as const) {
      await requireGoodLooks(page, addressOf(path), text);
    }
    await close();
  });

  test("a template is written, looked at, saved, approved with a warning, and archived", async () => {
    const { page, close } = await signedIn("templates");
    await page.getByRole("link", { name: "New template" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Parcel sent");
    await page.getByLabel("In-app alerts").check();
    await page.getByLabel("Mobile push").check();
    await page.getByLabel("title of in-app-alerts").fill("{{shop}}: it is on its way");
    await page.getByLabel("body of in-app-alerts").fill("Dear { {{name}} }, look for {{parcel}}.");
    const push = page.getByRole("group", { name: /^mobile-push/ });
    await push.getByLabel("As JSON").check();
    await push.getByLabel("Content of mobile-push").fill('{"title": "On its way",');
    await page.getByText("The JSON of mobile-push can't be read yet.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Save as a draft" }).isDisabled(), true);
    await push.getByLabel("Content of mobile-push").fill('{"title": "On its way", "body": "{{ name }}!"}');
    for (const [index, name] of ["shop", "name", "parcel", "unused"].entries()) {
      await page.getByRole("button", { name: "Add a variable" }).click();
      const row = page.getByRole("group", { name: `Variable ${index + 1}` });
      await row.getByLabel("Name").fill(name);
      if (name === "shop") await row.getByLabel("Default (optional)").fill("Onecall Books");
      if (name === "unused") await row.getByLabel("Required").uncheck();
    }
    const preview = page.getByRole("region", { name: "Preview", exact: true });
    await preview.getByLabel("name", { exact: true }).fill("Mia");
    await preview.getByLabel("parcel", { exact: true }).fill("P-7");
    const feed = preview.getByRole("figure", { name: "Feed item" });
    await feed.getByText("Onecall Books: it is on its way").waitFor();
    await feed.getByText("Dear { Mia }, look for P-7.").waitFor();
    for (const name of ["iOS lock screen", "Android lock screen"]) {
      await preview.getByRole("figure", { name }).getByText("Mia!").waitFor();
    }
    await page.getByRole("button", { name: "Save as a draft" }).click();
    await page.getByText("It is a draft: nothing of it is sent until it is approved.").waitFor();
    assert.equal(page.url(), addressOf("templates/parcel-sent"));
    // What the page showed is what the service renders.
    const { content } = await onecall.templates.preview("parcel-sent", {
      variables: { name: "Mia", parcel: "P-7" },
    });
    assert.deepEqual(content, {
      "in-app-alerts": { title: "Onecall Books: it is on its way", body: "Dear { Mia }, look for P-7." },
      "mobile-push": { title: "On its way", body: "Mia!" },
    });
    await page.getByRole("button", { name: "Approve version 1" }).click();
    await page.getByText("Version 1 is what is sent from now on.").waitFor();
    await page.getByRole("list", { name: "Warnings" }).getByText("variableSchema.unused").waitFor();
    await page.getByRole("link", { name: "Send it" }).waitFor();
    await page.getByRole("button", { name: "Archive Parcel sent …" }).click();
    await page.getByRole("button", { name: "Archive Parcel sent", exact: true }).click();
    await page.getByText("It is archived: it isn't sent.").waitFor();
    assert.equal((await onecall.templates.get("parcel-sent")).status, "archived");
    await close();
  });

  test("a change is a new version, a fault of it is named, and a diff shows what changed", async () => {
    const { page, expect, close } = await signedIn("templates");
    expect(/400/);
    await page.getByLabel("Name or key begins with").fill("welc");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: HOSTILE }).click();
    await page.getByText("Version 1 is sent; version 2 waits for its approval.").waitFor();
    const preview = page.getByRole("region", { name: "Preview", exact: true });
    await serveImages(page, "https://shop.example");
    await preview.getByLabel("photo.url (optional)").fill("https://shop.example/p.jpg");
    await preview
      .getByRole("figure", { name: "iOS lock screen" })
      .getByText("From Rome: https://shop.example/p.jpg")
      .waitFor();
    // Without a value a placeholder stays, so that one sees it.
    await preview.getByRole("figure", { name: "Feed item" }).getByText("Welcome {{name}}").waitFor();
    await page.getByLabel("body of mobile-push").fill("Dear {{nobody}}");
    await page.getByRole("button", { name: "Save and approve" }).click();
    const alert = page.getByRole("alert");
    await alert.getByText("content.mobile-push.body", { exact: true }).waitFor();
    await alert.getByText(/^Request/).waitFor();
    await page.getByLabel("body of mobile-push").fill("Dear {{name}}");
    // What is saved may be left at once, before the page has read it anew.
    await page.route(/\/templates\/welcome$/, (route) =>
      route.request().method() === "GET" ? undefined : route.continue(),
    );
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Version 3 is saved.").waitFor();
    await page.getByRole("link", { name: "Versions" }).click();
    await page.getByRole("heading", { name: "From version 2 to version 3" }).waitFor();
    await page.getByRole("deletion").getByText("From {{city}}").waitFor();
    await page.getByRole("insertion").getByText("Dear {{name}}").waitFor();
    await page.getByRole("link", { name: "Since 1 to 2" }).click();
    await page.getByRole("deletion").getByText("Hello {{name}}").first().waitFor();
    assert.match(page.url(), /before=1&after=2/);
    assert.equal(await page.evaluate(() => "hacked" in globalThis), false);
    await close();
  });

  test("a key that may read sees templates and their preview, and nothing to change them with", async () => {
    const { url, adminToken } = worker;
    const { apiKey } = await new Onecall({ url, adminToken }).admin.createKey(app.id, {
      name: "reader",
      scopes: ["read"],
    });
    const { page, close } = await signedIn("templates", {}, apiKey);
    await page.getByRole("link", { name: HOSTILE }).click();
    await page.getByRole("figure", { name: "Feed item" }).waitFor();
    for (const name of [/Save/, /Approve/, /Archive/]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0);
    }
    await page.goto(addressOf("new-template"));
    await page.getByText("Your key may not change templates").waitFor();
    await close();
  });

  test("an app without templates is told what to do first", async () => {
    const { url, adminToken } = worker;
    const empty = await new Onecall({ url, adminToken }).admin.createApp({ name: "New", shardCount: 16 });
    const { page, close } = await openSignedIn(
      browser,
      `${url}/dashboard/${empty.id}/templates`,
      empty.apiKey,
    );
    await page.getByText("There is no template yet").waitFor();
    await page.getByRole("link", { name: "New template" }).click();
    await page.getByText("The app has no channel yet, and a template needs one").waitFor();
    await close();
  });

  test("a call that is copied is one text for a shell and for a script, whatever the address says", async () => {
    const key = `a"$(id)\`id\`'b`;
    const { page, expect, close } = await signedIn(`templates/${encodeURIComponent(key)}/versions`, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    expect(/404/, /400/);
    const copied = async (name: string) => {
      const before = await page.evaluate(() => navigator.clipboard.readText());
      await page.getByRole("button", { name }).click();
      await page.waitForFunction(async (text) => (await navigator.clipboard.readText()) !== text, before);
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const address = `${worker.url}/v3/business-messaging/api/templates/${encodeURIComponent(key)}/versions`;
    const curl = await copied("Copy as curl");
    assert.ok(curl.startsWith(`curl -X GET '${address.replaceAll("'", "'\\''")}'`), curl);
    const client = await copied("Copy as client code");
    assert.ok(client.endsWith(`onecall.templates.versions(${JSON.stringify(key)}).page();`), client);
    await close();
  });
});
