import type { Context, Handler } from "../http/context.ts";
import { json } from "../http/responses.ts";

/** `GET /health`: that the Worker answers, and with which bindings. Touches no store: it is for load balancers. */
export const getHealth: Handler = (_request, { env }: Context) =>
  json({
    status: "ok",
    bindings: {
      kv: env.CONFIG !== undefined,
      r2: env.TARGETS !== undefined,
      queues: [env.DELIVERIES_HIGH, env.DELIVERIES_NORMAL, env.DELIVERIES_LOW].every(
        (queue) => queue !== undefined,
      ),
      durableObjects: [env.REGISTRY, env.LEDGER, env.USER_SHARD, env.WEBHOOK_ENDPOINT].every(
        (binding) => binding !== undefined,
      ),
    },
  });
