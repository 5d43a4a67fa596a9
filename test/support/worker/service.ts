import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { json, text } from "node:stream/consumers";
import * as v from "valibot";
import { startOnMiniflare } from "./miniflare.ts";
import type { TestWorker } from "./test-worker.ts";

const OptionsSchema = v.object({ providers: v.optional(v.string()), persistTo: v.optional(v.string()) });

export interface WorkerService {
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts Workers for the files of a run, which are processes of their own: bundler, Miniflare and wrangler are loaded
 * once. `POST` starts one, `DELETE` with its URL as the body ends when it has ended. It lives as long as the call that
 * asked for it at most, so that none outlives its file, whatever becomes of that.
 */
export async function startWorkerService(): Promise<WorkerService> {
  const running = new Set<Promise<void>>();
  const stops = new Map<string, () => Promise<unknown>>();
  const serve = async (options: unknown, response: ServerResponse): Promise<void> => {
    let worker: TestWorker;
    try {
      worker = await startOnMiniflare(v.parse(OptionsSchema, options));
    } catch (error) {
      response.writeHead(500).end(String(error));
      return;
    }
    const { url, adminToken } = worker;
    let stopping: Promise<unknown> | undefined;
    const stop = () => {
      stopping ??= worker.stop();
      return stopping;
    };
    stops.set(url, stop);
    response.writeHead(200).write(JSON.stringify({ url, adminToken }));
    if (!response.closed) await once(response, "close");
    await stop();
    stops.delete(url);
  };
  const server = createServer(async (request, response) => {
    if (request.method === "DELETE") {
      await stops.get(await text(request))?.();
      response.end();
      return;
    }
    const served = serve(await json(request), response);
    running.add(served);
    await served.finally(() => running.delete(served));
  });
  // Files run for minutes.
  server.requestTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await Promise.all(running);
    },
  };
}
