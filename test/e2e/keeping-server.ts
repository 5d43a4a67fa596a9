import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

const WAIT_MS = 20_000;

/** A call as it came. */
interface Kept {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface KeepingServer {
  /** Without a slash at the end. */
  url: string;
  /** The first call at this path, also one that came before it was asked for. Rejects after 20 s without one. */
  first(path: string): Promise<Kept>;
  stop(): Promise<void>;
}

/** A server of this machine that answers 201 to everything, as a push service does, and keeps what came. */
export async function startKeepingServer(): Promise<KeepingServer> {
  const calls = new Map<string, PromiseWithResolvers<Kept>>();
  const callAt = (path: string) => {
    const found = calls.get(path) ?? Promise.withResolvers<Kept>();
    calls.set(path, found);
    return found;
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(201).end();
    callAt(request.url ?? "").resolve({ headers: request.headers, body: Buffer.concat(chunks) });
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return {
    url: `http://localhost:${address.port}`,
    first: (path) => {
      const call = callAt(path);
      setTimeout(() => call.reject(new Error(`Nothing came to ${path}`)), WAIT_MS).unref();
      return call.promise;
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
