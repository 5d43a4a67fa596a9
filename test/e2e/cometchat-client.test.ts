import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";

/** Callers of CometChat's REST API as they are: the header `apikey` and no other, the app in the host's name. */

const folder = mkdtempSync(join(tmpdir(), "onecall-cometchat-"));
const API = "/v3/business-messaging/api";

let worker: LocalWorker;
let apikey: string;

before(async () => {
  worker = await startLocalWorker({ persistTo: folder });
  const authorization = `Bearer ${worker.adminToken}`;
  ({ apiKey: apikey } = await call("POST", "/admin/apps", { name: "Theirs" }, { authorization }));
  await call("POST", `${API}/channels`, { name: "Inbox", type: "in_app" });
  await call("POST", `${API}/templates`, {
    name: "Hello",
    channelKeys: ["inbox"],
    content: { inbox: { text: "Hello {{name}}" } },
    variableSchema: { name: { type: "string" } },
  });
  await call("PUT", `${API}/templates/hello`, { status: "approved" });
});

after(async () => {
  await worker?.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("a caller with the header apikey alone", () => {
  test("creates a user, gets a token, sends, and the token reads the feed", async () => {
    const created = await call("POST", "/v3/users", { uid: "ann", name: "Ann", metadata: { plan: "pro" } });
    assert.equal(created.data.uid, "ann");
    const { data } = await call("POST", "/v3/users/ann/auth_tokens", { force: false });
    const template = { key: "hello", variables: { name: "Ann" } };
    await call("POST", `${API}/notifications/send`, { template, targets: ["ann"], mode: "realtime" });
    const campaign = { templateId: "hello", receivers: ["ann"], variables: { ann: { name: "again" } } };
    const sent = await call("POST", "/v3/campaigns/notifications/messages", campaign);
    assert.equal(sent.data.mode, "realtime");
    const feed = await call("GET", `${API}/feed`, undefined, { authorization: `Bearer ${data.authToken}` });
    const texts = feed.data.map((item: { content: { text: string } }) => item.content.text);
    assert.deepEqual(texts, ["Hello again", "Hello Ann"]);
  });

  test("creates a user by curl's form, as PHP's callers do, and deletes by a header", async () => {
    const fields = { uid: "fay", name: "Fay", email: "", avatar: "https://example.com/f.png" };
    const { stdout } = spawnSync(
      "curl",
      [
        "-s",
        `${worker.url}/v3/users`,
        "-H",
        `apikey: ${apikey}`,
        ...Object.entries(fields).flatMap(([name, value]) => ["-F", `${name}=${value}`]),
      ],
      { encoding: "utf8" },
    );
    assert.equal(JSON.parse(stdout).data.name, "Fay");
    const listed = await call("GET", "/v3/users?searchKey=Fay&perPage=1");
    assert.deepEqual(
      [listed.data[0].uid, listed.meta.pagination.total, listed.meta.pagination.total_pages],
      ["fay", 1, 1],
    );
    const { data } = await call("DELETE", "/v3/users/fay", undefined, { apikey, permanent: "True" });
    assert.equal(data.success, true);
  });
});

async function call(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = { apikey },
) {
  const response = await fetch(worker.url + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${answer}`);
  return JSON.parse(answer);
}
