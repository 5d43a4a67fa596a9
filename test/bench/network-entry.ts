import type { CountedBatch } from "./onecall-bundle.js";
import onecall from "./onecall-bundle.js";

/**
 * A Worker around Onecall's own bundle that calls out as a deployed one does. Miniflare takes each `fetch` through a
 * Worker of its own, which is half of what the call costs on one machine; a binding to the network goes past it.
 */

export * from "./onecall-bundle.js";

interface Env {
  NETWORK: { fetch: typeof fetch };
}

const throughMiniflare = globalThis.fetch;
/** The same in each call's `env`. */
let network: Env["NETWORK"] | null = null;

globalThis.fetch = (...asked) => (network === null ? throughMiniflare(...asked) : network.fetch(...asked));

export default {
  fetch(request: Request, env: Env, execution: object): Promise<Response> {
    network = env.NETWORK;
    return onecall.fetch(request, env, execution);
  },
  queue(batch: CountedBatch, env: Env): Promise<void> {
    network = env.NETWORK;
    return onecall.queue(batch, env);
  },
};
