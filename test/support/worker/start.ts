import * as v from "valibot";
import type { TestWorker, TestWorkerOptions } from "./test-worker.ts";

export type { TestWorker } from "./test-worker.ts";

/** Where the run's service of Workers is (service.ts). */
export const SERVICE_VARIABLE = "ONECALL_TEST_WORKERS";

const StartedSchema = v.object({ url: v.string(), adminToken: v.string() });

/**
 * A Worker with a state of its own: of the run's service, or of this process where a file runs by itself. For tests of
 * what it answers; those of `npm start` itself, or that kill it, have scripts/local-worker.ts.
 */
export async function startTestWorker(options: TestWorkerOptions = {}): Promise<TestWorker> {
  const service = process.env[SERVICE_VARIABLE];
  if (service === undefined) return (await import("./miniflare.ts")).startOnMiniflare(options);
  const stopping = new AbortController();
  const { signal } = stopping;
  const answer = await fetch(service, { method: "POST", body: JSON.stringify(options), signal });
  // The answer goes on for as long as the Worker lives: it ends with whoever reads it.
  const { value, done } = (await answer.body?.pipeThrough(new TextDecoderStream()).getReader().read()) ?? {};
  if (!answer.ok || done !== false) throw new Error(`No Worker: ${value}`);
  const { url, adminToken } = v.parse(StartedSchema, JSON.parse(value ?? ""));
  const stop = async () => {
    await fetch(service, { method: "DELETE", body: url });
    stopping.abort();
  };
  return { url, adminToken, stop };
}
