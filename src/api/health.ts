import { findVariableFaults } from "../env.ts";
import type { Context, Handler } from "../http/context.ts";
import { json } from "../http/responses.ts";

/**
 * `GET /health`: that the Worker answers, and with which bindings. Touches no store: it is for load balancers. 503
 * where a variable of the deployment is wrong, which it names, or a binding is missing.
 */
export const getHealth: Handler = (_request, { env }: Context) => {
  const bindings = {
    kv: env.CONFIG !== undefined,
    r2: env.TARGETS !== undefined,
    queues: [env.DELIVERIES_HIGH, env.DELIVERIES_NORMAL, env.DELIVERIES_LOW].every(
      (queue) => queue !== undefined,
    ),
    durableObjects: [env.REGISTRY, env.LEDGER, env.USER_SHARD, env.WEBHOOK_ENDPOINT].every(
      (binding) => binding !== undefined,
    ),
  };
  const faults = findVariableFaults(env);
  if (faults.length === 0 && Object.values(bindings).every((isThere) => isThere)) {
    return json({ status: "ok", bindings });
  }
  const variables = Object.fromEntries(faults.map(({ name, message }) => [name, message]));
  return json({ status: "error", bindings, variables }, 503);
};
