import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";

/** Clients as people have them: a browser's page of another origin, curl, Python, and one that hardly sends. */

const folder = mkdtempSync(join(tmpdir(), "onecall-upload-clients-"));
const API = "/v3/business-messaging/api";
const CSV = "user_id,name\r\nuser-1,Zoë\r\n";
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** What the page does; its functions are called by the tests. */
const PAGE = `<!doctype html><title>shop</title><script>
async function upload({ url, fields }, csv, name) {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append("file", new File([csv], name, { type: "text/csv" }));
  const request = new XMLHttpRequest();
  let progress = 0;
  request.upload.onprogress = ({ loaded }) => { progress = loaded; };
  const over = new Promise((resolve) => { request.onloadend = resolve; });
  request.open("POST", url);
  request.send(form);
  await over;
  const { status, responseText } = request;
  const [etag, location] = ["etag", "location"].map((header) => request.getResponseHeader(header));
  return { status, responseText, etag, location, progress };
}
async function readFeed(url, token) {
  const headers = { authorization: "Bearer " + token, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const response = await fetch(url, { headers });
  return { status: response.status, id: response.headers.get("x-request-id"), body: await response.json() };
}
</script>`;

interface App {
  id: string;
  apiKey: string;
}

interface Presigned {
  url: string;
  fields: Record<string, string>;
}

let worker: LocalWorker;
let shop: Server;
let browser: Browser;
let page: Page;
let app: App;

before(async () => {
  worker = await startLocalWorker({ persistTo: folder });
  app = await call(
    "POST",
    "/admin/apps",
    { name: "Clients" },
    { authorization: `Bearer ${worker.adminToken}` },
  );
  shop = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end(PAGE);
  });
  await new Promise<void>((resolve) => shop.listen(0, "localhost", resolve));
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("There is no Chromium: apt-get install chromium");
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  page = await browser.newPage();
  await page.goto(`http://localhost:${(shop.address() as AddressInfo).port}/`);
});

after(async () => {
  await browser?.close();
  shop?.close();
  await worker?.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

describe("a page of another origin", () => {
  const upload = (presigned: Presigned, csv: string) =>
    page.evaluate<{ status: number; responseText: string; etag: string; location: string; progress: number }>(
      `upload(${JSON.stringify(presigned)}, ${JSON.stringify(csv)}, "Список “x”.csv")`,
    );

  test("uploads a CSV with a progress bar, and reads where it is", async () => {
    const { status, etag, location, progress } = await upload(await presign("page.csv"), CSV);
    assert.equal(status, 204);
    assert.match(etag, /^"[0-9a-f-]+"$/);
    assert.equal(new URL(location).pathname, "/v1/storage/targets_files/page.csv");
    assert.ok(progress > CSV.length);
    assert.equal((await getFile("page.csv")).rows, 1);
  });

  test("reads what is wrong with a file", async () => {
    const { status, responseText } = await upload(await presign("wrong.csv"), "name\nZoë\n");
    assert.equal(status, 400);
    assert.match(JSON.parse(responseText).message, /there is no column user_id/);
  });

  test("reads a user's feed, though tracing adds a header", async () => {
    const { authToken } = await call<{ authToken: string }>(
      "POST",
      "/v3/business-messaging/api/users/page-user/auth_tokens",
      {},
      appHeaders(),
    );
    const url = `${worker.url}${API}/feed`;
    const feed = await page.evaluate<{ status: number; id: string; body: { data: unknown[] } }>(
      `readFeed(${JSON.stringify(url)}, ${JSON.stringify(authToken)})`,
    );
    assert.deepEqual([feed.status, feed.body.data], [200, []]);
    assert.match(feed.id, /^[0-9a-f-]{36}$/);
  });
});

describe("curl", () => {
  test("uploads a file with a name in any script", async () => {
    for (const [index, name] of ["日本.csv", 'a "b"; c.csv', "back\\slash.csv"].entries()) {
      const path = join(folder, name);
      writeFileSync(path, CSV);
      const { url, fields } = await presign(`curl-${index}.csv`);
      const form = Object.entries(fields).flatMap(([field, value]) => ["--form-string", `${field}=${value}`]);
      const quoted = path.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
      const file = ["-F", `file=@"${quoted}";type=text/csv`];
      const { stdout, stderr } = spawnSync("curl", ["-sS", "-w", "%{http_code}", ...form, ...file, url], {
        encoding: "utf8",
      });
      assert.equal(stdout, "204", `${name}: ${stdout}${stderr}`);
    }
  });
});

describe("Python", () => {
  /** As urllib3 and requests write a form: the name after RFC 5987 where it isn't ASCII. */
  const SCRIPT = `
import http.client, json, sys, urllib.parse
url, fields, csv = json.load(sys.stdin)
parts = [('form-data; name="%s"' % name, value.encode()) for name, value in fields.items()]
parts.append(("form-data; name=\\"file\\"; filename*=utf-8''" + urllib.parse.quote("Список.csv"), csv.encode()))
body = b"".join(b"--8b1e\\r\\nContent-Disposition: " + head.encode() + b"\\r\\n\\r\\n" + text + b"\\r\\n" for head, text in parts)
address = urllib.parse.urlparse(url)
connection = http.client.HTTPConnection(address.hostname, address.port)
connection.request("POST", address.path, body + b"--8b1e--\\r\\n", {"Content-Type": 'multipart/form-data; boundary="8b1e"'})
print(connection.getresponse().status)
`;

  test("uploads a file as its usual clients write the form", async () => {
    const { url, fields } = await presign("python.csv");
    const input = JSON.stringify([url, fields, CSV]);
    const { stdout, stderr } = spawnSync("python3", ["-c", SCRIPT], { encoding: "utf8", input });
    assert.equal(stdout.trim(), "204", stderr);
  });
});

describe("a client that sends its head and no more", () => {
  test("keeps no other app waiting", async () => {
    const { fields } = await presign("slow.csv");
    const other = await createApp("Other");
    const head = Object.entries(fields)
      .map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join("");
    const address = new URL(worker.url);
    const sockets = Array.from({ length: 6 }, () => connect(Number(address.port), address.hostname));
    try {
      for (const socket of sockets) {
        socket.on("error", () => {});
        socket.write(
          `POST /v1/storage/uploads HTTP/1.1\r\nHost: ${address.host}\r\nContent-Length: 20000000\r\n` +
            `Content-Type: multipart/form-data; boundary=x\r\n\r\n${head}--x\r\n` +
            'Content-Disposition: form-data; name="file"\r\n\r\nuser_id\r\nuser-1\r\n',
        );
      }
      const { url, fields: own } = await presign("quick.csv", other);
      const form = new FormData();
      for (const [name, value] of Object.entries(own)) form.append(name, value);
      form.append("file", new Blob([CSV]));
      const startedAt = Date.now();
      assert.equal((await fetch(url, { method: "POST", body: form })).status, 204);
      // It would have waited for 20 s once, and have got 503.
      assert.ok(Date.now() - startedAt < 10_000);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

function createApp(name: string): Promise<App> {
  return call("POST", "/admin/apps", { name }, { authorization: `Bearer ${worker.adminToken}` });
}

function appHeaders(): Record<string, string> {
  return { appid: app.id, apikey: app.apiKey };
}

function presign(fileKey: string, { apiKey } = app): Promise<Presigned> {
  return call("POST", `/v1/storage/targets_files/${fileKey}/presigned_urls`, {}, { "api-token": apiKey });
}

function getFile(fileKey: string): Promise<{ rows: number }> {
  return call("GET", `/v1/storage/targets_files/${fileKey}`, undefined, { "api-token": app.apiKey });
}

async function call<T>(
  method: string,
  path: string,
  body: object | undefined,
  headers: Record<string, string>,
): Promise<T> {
  const response = await fetch(`${worker.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return (await response.json()) as T;
}
