import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import * as v from "valibot";
import { type Call, inboxChangeSchema, type ParsedRule } from "./model.ts";

/** Longer than clients keep idle connections, so that none is closed under a request. */
const KEEP_ALIVE_MS = 120_000;

interface Inbox {
  secrets: string[];
  rules: (ParsedRule & { applied: number })[];
  clockOffsetMs: number;
  calls: Call[];
  concurrent: number;
  maxConcurrent: number;
}

export interface WebhookReceiver {
  /** Without a slash at the end. */
  url: string;
  stop(): Promise<void>;
}

/** Starts an HTTP server that receives webhooks at `/inbox/{id}` and verifies each; set up over `/_control`. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const inboxes = new Map<string, Inbox>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(inboxes, request, response).catch((error: unknown) => {
      if (!request.destroyed) console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  inboxes: Map<string, Inbox>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, base, id = ""] = (request.url ?? "/").split("/");
  if (base === "inbox") {
    const inbox = inboxes.get(id);
    if (inbox === undefined) response.writeHead(404).end();
    else await receive(inbox, request, response);
    return;
  }
  if (base !== "_control") {
    response.writeHead(404).end("nothing here");
    return;
  }
  const text = await readText(request);
  if (request.method === "POST") {
    const newId = String(inboxes.size + 1);
    inboxes.set(newId, {
      secrets: [],
      rules: [],
      clockOffsetMs: 0,
      calls: [],
      concurrent: 0,
      maxConcurrent: 0,
    });
    response.end(JSON.stringify({ id: newId }));
    return;
  }
  const inbox = inboxes.get(id);
  if (inbox === undefined) throw new Error(`There is no inbox ${id}`);
  if (request.method === "PUT") {
    const { rules, ...change } = v.parse(inboxChangeSchema, JSON.parse(text));
    Object.assign(inbox, change);
    if (rules !== undefined) inbox.rules = rules.map((rule) => ({ ...rule, applied: 0 }));
  }
  const { calls, maxConcurrent } = inbox;
  response.end(JSON.stringify({ calls, maxConcurrent }));
}

async function receive(inbox: Inbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  inbox.concurrent++;
  inbox.maxConcurrent = Math.max(inbox.maxConcurrent, inbox.concurrent);
  response.once("close", () => inbox.concurrent--);
  const text = await readText(request);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const verifiedBy = inbox.secrets.flatMap((secret, index) =>
    isSigned(secret, text, headers, inbox.clockOffsetMs) ? [index] : [],
  );
  const body = JSON.parse(text);
  const rule = inbox.rules.find(
    ({ type, times, applied }) =>
      (type === undefined || type === body.type) && (times === undefined || applied < times),
  );
  if (rule !== undefined) rule.applied++;
  const status = verifiedBy.length === 0 ? 401 : (rule?.status ?? 200);
  inbox.calls.push({
    at: Date.now(),
    headers,
    type: body.type,
    body,
    verifiedBy,
    id: headers["webhook-id"] ?? "",
    timestamp: Number(headers["webhook-timestamp"]),
    answered: rule?.drop ? null : status,
  });
  // Unreferenced: a receiver that was stopped must not keep its process.
  if (rule?.delayMs) await wait(rule.delayMs, undefined, { ref: false });
  if (rule?.drop) response.destroy();
  else response.writeHead(status, rule?.headers).end(rule?.body ?? "ok");
}

/** As receivers do it, by a clock that may be ahead: `verify` refuses timestamps of five minutes ago. */
function isSigned(
  secret: string,
  text: string,
  headers: Record<string, string>,
  clockOffsetMs: number,
): boolean {
  const { now } = Date;
  Date.now = () => now() + clockOffsetMs;
  try {
    new Webhook(secret).verify(text, headers);
    return true;
  } catch {
    return false;
  } finally {
    Date.now = now;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
