import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import * as v from "valibot";
import { startOnMiniflare } from "./miniflare.ts";
import type { TestWorker } from "./test-worker.ts";

const OptionsSchema = v.object({ providers: v.optional(v.string()) });

export interface WorkerService {
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts Workers for the files of a run, which are processes of their own: bundler, Miniflare and wrangler are loaded
 * once. A Worker lives as long as the call that asked for it, so that none outlives its file, whatever becomes of that.
 */
export async function startWorkerService(): Promise<WorkerService> {
  const running = new Set<Promise<void>>();
  const serve = async (options: unknown, response: ServerResponse): Promise<void> => {
    let worker: TestWorker;
    try {
      worker = await startOnMiniflare(v.parse(OptionsSchema, options));
    } catch (error) {
      response.writeHead(500).end(String(error));
      return;
    }
    const { url, adminToken } = worker;
    response.writeHead(200).write(JSON.stringify({ url, adminToken }));
    if (!response.closed) await once(response, "close");
    await worker.stop();
  };
  const server = createServer(async (request, response) => {
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
