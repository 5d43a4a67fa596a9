import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";

describe("static assets", () => {
  let worker: TestWorker;
  before(async () => {
    worker = await startTestWorker();
  });
  after(async () => {
    await worker.stop();
  });

  test("/inbox.js is a module for pages of any origin, and asked for again by its ETag", async () => {
    const response = await fetch(`${worker.url}/inbox.js`, { headers: { origin: "https://shop.example" } });
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^(text|application)\/javascript/);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal(response.headers.get("cross-origin-resource-policy"), "cross-origin");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("cache-control"), "public, max-age=0, must-revalidate");
    const etag = response.headers.get("etag");
    assert.ok(etag);
    const again = await fetch(`${worker.url}/inbox.js`, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
  });

  test("the same module under the name of its contents is kept for a year", async () => {
    const stable = await fetch(`${worker.url}/inbox.js`);
    const name = stable.headers.get("content-location") ?? "";
    assert.match(name, /^\/inbox-[A-Za-z0-9]{10}\.js$/);
    const lasting = await fetch(`${worker.url}${name}`);
    assert.equal(lasting.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(lasting.headers.get("access-control-allow-origin"), "*");
    assert.equal(await lasting.text(), await stable.text());
  });

  test("a browser's navigation to a path of the API is answered by the API", async () => {
    const headers = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const response = await fetch(`${worker.url}/v3/business-messaging/api/templates`, { headers });
    assert.equal(response.status, 401);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
  });
});
