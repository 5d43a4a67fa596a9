import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Answer } from "./answers.ts";
import { apnsService } from "./apns.ts";
import { answerControl } from "./control.ts";
import { fcmService } from "./fcm.ts";
import type { ReceivedPush } from "./journal.ts";
import { JwtVerifier } from "./jwt.ts";
import { answerToken } from "./oauth.ts";
import { type Project, Registry } from "./projects.ts";
import { answerPush, type Outcome, type PushRequest, type PushService } from "./push-service.ts";
import { webPushService } from "./web-push.ts";

/** Longer than clients keep idle connections, so that none is closed under a request. */
const KEEP_ALIVE_MS = 120_000;

export interface FakeProviders {
  /** Without a slash at the end. The origin that JWTs must name. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts one HTTP server that plays FCM (`/fcm`), Google's token endpoint (`/oauth/token`), APNs (`/apns`,
 * `/apns-sandbox`) and a Web Push service (`/webpush`), and is set up over `/_control`.
 *
 * @param options.port 0 (the default) takes a free port.
 * @param options.host where it listens; also the host of its URL.
 * @param options.onReceived called for every push that was taken.
 */
export async function startFakeProviders(
  options: { port?: number; host?: string; onReceived?: (push: ReceivedPush, project: Project) => void } = {},
): Promise<FakeProviders> {
  const { port = 0, host = "127.0.0.1", onReceived } = options;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  const url = `http://${host}:${await listen(server, port, host)}`;
  const answer = router(new Registry(url, onReceived));
  server.on("request", (request, response) => {
    answer(request, response).catch((error: unknown) => {
      // The client has hung up, or the fake has a bug.
      if (!request.destroyed) {
        console.error(error);
      }
      response.destroy();
    });
  });
  return { url, stop: () => stop(server) };
}

function router(registry: Registry): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const verifier = new JwtVerifier();
  const pushServices = new Map<string, PushService>([
    ["fcm", fcmService(registry)],
    ["apns", apnsService(registry, verifier, false)],
    ["apns-sandbox", apnsService(registry, verifier, true)],
    ["webpush", webPushService(registry, verifier)],
  ]);
  return async (incoming, response) => {
    const [whole = "/", query = ""] = (incoming.url ?? "/").split("?", 2);
    const slash = whole.indexOf("/", 1);
    const base = slash === -1 ? whole.slice(1) : whole.slice(1, slash);
    const path = slash === -1 ? "" : whole.slice(slash);
    const request: PushRequest = { method: incoming.method ?? "GET", path, headers: incoming.headers };
    const service = pushServices.get(base);
    if (service) {
      countWhileOpen(service, request, response);
      const body = await readBody(incoming);
      return send(response, await answerPush(service, registry, request, body));
    }
    const body = await readBody(incoming);
    if (base === "oauth") {
      return send(response, await answerToken(registry, verifier, request, body));
    }
    if (base === "_control") {
      return send(
        response,
        await answerControl(registry, request.method, path, new URLSearchParams(query), body),
      );
    }
    send(response, { status: 404 });
  };
}

function countWhileOpen(service: PushService, request: PushRequest, response: ServerResponse): void {
  const journal = service.locate(request)?.journal;
  if (journal) {
    journal.begin(service.provider);
    response.once("close", () => journal.end(service.provider));
  }
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once("error", reject);
  });
}

function send(response: ServerResponse, outcome: Outcome): void {
  if (outcome === null) {
    response.destroy();
    return;
  }
  const { status, headers = {}, body = "" }: Answer = outcome;
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && { "content-length": Buffer.byteLength(body) }),
  });
  response.end(body);
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
