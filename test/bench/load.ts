import { Agent, request } from "node:http";
import { performance } from "node:perf_hooks";

/** What a load run found. Latencies in ms. */
export interface LoadResult {
  perSecond: number;
  p50: number;
  p99: number;
}

export interface LoadCall {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** `count` calls with `concurrency` at a time over kept-alive connections; any answer but 2xx stops the run. */
export async function load(
  url: string,
  count: number,
  concurrency: number,
  callAt: (index: number) => LoadCall,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const latencies: number[] = [];
  let next = 0;
  const start = performance.now();
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const begin = performance.now();
      await send(agent, url, callAt(index));
      latencies.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { perSecond: count / seconds, p50: at(0.5), p99: at(0.99) };
}

function send(agent: Agent, url: string, { method, path, headers = {}, body }: LoadCall): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { agent, method, headers }, (response) => {
      response.resume();
      response.on("end", () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve();
        else reject(new Error(`${method} ${path} answered ${statusCode}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
