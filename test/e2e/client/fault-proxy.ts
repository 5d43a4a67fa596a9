import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What becomes of a call between a client and the Worker, on the wire. */
export type Fault =
  /** The Worker has done it, and the socket is destroyed before a byte of its answer. */
  | "lost answer"
  /** Half of the answer's body, then the socket is destroyed. */
  | "half an answer"
  /** Half of the answer's body, and never the rest. */
  | "slow body"
  /** As a busy service answers; the Worker hears nothing. */
  | "429"
  /** As a service answers that has done it, but doesn't know. */
  | "503";

/** A server before the Worker, which does harm to the next calls whose path ends with something. */
export interface FaultProxy {
  url: string;
  /** One fault a call, the first one first; all others go through. */
  plan(pathEnd: string, ...faults: Fault[]): void;
  /** Method and path of every call. */
  calls: string[];
  stop(): Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let planned: { pathEnd: string; faults: Fault[] } = { pathEnd: "", faults: [] };
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    calls.push(`${request.method} ${path}`);
    const fault = path.split("?")[0]?.endsWith(planned.pathEnd) ? planned.faults.shift() : undefined;
    forward({ target, own: `http://${request.headers.host}` }, request, response, fault).catch(
      (error: unknown) => response.destroy(error as Error),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    plan: (pathEnd, ...faults) => {
      planned = { pathEnd, faults };
    },
    calls,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(
  { target, own }: { target: string; own: string },
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const body = await buffer(request);
  if (fault === "429") {
    answer(response, 429, "ERR_TOO_MANY_REQUESTS");
    return;
  }
  const headers = Object.entries(request.headers).filter(
    ([name]) => !["host", "connection", "content-length", "transfer-encoding", "expect"].includes(name),
  );
  const got = await fetch(`${target}${request.url}`, {
    method: request.method ?? "GET",
    headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
    body: body.length === 0 ? null : body,
    redirect: "manual",
  });
  if (fault === undefined && got.headers.get("content-type")?.startsWith("text/event-stream")) {
    response.writeHead(got.status, Object.fromEntries(got.headers));
    for await (const piece of got.body ?? []) response.write(piece);
    response.end();
    return;
  }
  // The addresses that answers name lead here too.
  const text = Buffer.from((await got.text()).replaceAll(target, own));
  if (fault === "lost answer") response.destroy();
  else if (fault === "503") answer(response, 503, "ERR_UNAVAILABLE");
  else {
    const kept = Object.entries(Object.fromEntries(got.headers)).filter(
      ([name]) => !["transfer-encoding", "content-encoding", "content-length"].includes(name),
    );
    response.writeHead(got.status, { ...Object.fromEntries(kept), "content-length": String(text.length) });
    if (fault === undefined) response.end(text);
    else
      response.write(text.subarray(0, text.length / 2), () => {
        if (fault === "half an answer") response.destroy();
      });
  }
}

function answer(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/json", "retry-after": "0" });
  response.end(JSON.stringify({ error: { code, message: code, devMessage: code } }));
}
