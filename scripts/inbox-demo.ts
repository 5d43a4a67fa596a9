import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments, runScript } from "./arguments.ts";
import { type AppClient, createApp } from "./demo/client.ts";
import { DEMO_PICTURE, demoPage, demoScript, demoStyle } from "./inbox-demo/page.ts";
import { SAMPLES } from "./inbox-demo/samples.ts";
import { startLocalWorker } from "./local-worker.ts";
import { bold, cyan } from "./terminal.ts";

const USAGE = `Usage: npm run inbox:demo -- [--port N]

Runs Onecall on this machine, in a temporary folder, and a page with the inboxes of two users side by side, light and
dark, with buttons that send to them.

  --port N  port of the page, 0 for any free one (default 8788)`;

const USERS = ["jane", "omar"];

await runScript(USAGE, async () => {
  const { port } = readArguments({ port: { type: "string", default: "8788" } }, USAGE);
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  const folder = mkdtempSync(join(tmpdir(), "onecall-inbox-demo-"));
  const starting = startLocalWorker({ persistTo: folder });
  // After the Worker's own exit handler: a folder that is written to can't be removed.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const worker = await starting;
  const app = await createApp(worker.url, worker.adminToken, "Inbox demo");
  await app.createChannel({ key: "in-app", name: "In-app", type: "in_app" });
  for (const { key, content } of SAMPLES) {
    const template = { key, name: key, channelKeys: ["in-app"], content: { "in-app": content } };
    await app.createApprovedTemplate(template);
  }
  for (const { key } of SAMPLES) for (const user of USERS) await sendSample(app, user, key);
  const answers = answersOf(app, worker.url);
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const answer = answers[pathname];
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    try {
      const [type, text] = await answer(searchParams);
      response.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(text);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(Number(port), "localhost", () => {
    const address = server.address();
    const shown = typeof address === "object" && address !== null ? address.port : port;
    console.log(
      `${bold("The inbox")} at ${cyan(`http://localhost:${shown}`)}, its Worker at ${worker.url}. Ctrl-C ends both.`,
    );
  });
});

async function sendSample(app: AppClient, user: string, key: string): Promise<void> {
  const sample = SAMPLES.find((one) => one.key === key);
  if (sample === undefined || !USERS.includes(user)) return;
  await app.send({ template: { key }, targets: [user], mode: "realtime", tag: sample.tag });
}

/** What the page's own server answers, by path. */
function answersOf(
  app: AppClient,
  workerUrl: string,
): Record<string, (query: URLSearchParams) => Promise<[type: string, text: string]>> {
  return {
    "/": async () => ["text/html", demoPage(workerUrl, USERS)],
    "/page.js": async () => ["text/javascript", demoScript()],
    "/page.css": async () => ["text/css", demoStyle()],
    "/picture.svg": async () => ["image/svg+xml", DEMO_PICTURE],
    // One that knows who is signed in would ask for the token of that user alone.
    "/token": async (query) => ["text/plain", await app.issueToken(query.get("user") ?? "")],
    "/send": async (query) => {
      await sendSample(app, query.get("user") ?? "", query.get("key") ?? "");
      return ["text/plain", "sent"];
    },
  };
}
