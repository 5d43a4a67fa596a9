import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import type { Bindings } from "../../src/env.ts";
import worker from "../../src/index.ts";
import type { Body } from "./api.ts";
import { bindings } from "./faults.ts";

/** A POST of JSON to any path, at a Worker with some bindings replaced. */
export async function postWith(
  replaced: Partial<Bindings>,
  path: string,
  headers: Record<string, string>,
  body: object,
): Promise<{ status: number; body: Body }> {
  const execution = createExecutionContext();
  const request = new Request<unknown, IncomingRequestCfProperties>(`https://onecall.test${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const response = await worker.fetch(request, { ...bindings, ...replaced }, execution);
  await waitOnExecutionContext(execution);
  return { status: response.status, body: await response.json() };
}
