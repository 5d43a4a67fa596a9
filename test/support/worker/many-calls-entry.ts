import type { Call, ManyCalls } from "./many-calls.ts";
import onecall from "./onecall-bundle.js";

export * from "./onecall-bundle.js";

/**
 * A Worker around Onecall's own bundle that takes many of its calls at once: `POST /__calls` has them as JSON, and is
 * answered with how many had which status. Each is a call of the public API; only the way to the Worker is shared.
 */

export default {
  async fetch(request: Request, env: object, execution: object): Promise<Response> {
    const { origin, pathname } = new URL(request.url);
    if (pathname !== "/__calls") return onecall.fetch(request, env, execution);
    const { headers, calls } = (await request.json()) as ManyCalls;
    const statuses: Record<number, number> = {};
    const make = async ({ method, path, body }: Call): Promise<void> => {
      const call = new Request(`${origin}${path}`, { method, headers, body: JSON.stringify(body) });
      const answer = await onecall.fetch(call, env, execution);
      await answer.body?.cancel();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    };
    await Promise.all(calls.map(make));
    return Response.json(statuses);
  },
  queue: onecall.queue,
};
