import { serveDashboard } from "./api/dashboard/page.ts";
import { isDashboardPath } from "./api/dashboard/paths.ts";
import { presentError } from "./api/errors.ts";
import { HEALTH_PATH } from "./api/paths.ts";
import { isBrowserPath, ROUTE_TABLE } from "./api/routes.ts";
import { consumeDeliveries } from "./delivering/chunk-consumer.ts";
import { consumeDeadLetters } from "./delivering/dead-letters.ts";
import { consumeDispatches } from "./delivering/dispatch-consumer.ts";
import { type Bindings, findVariableFaults, requireVariables } from "./env.ts";
import { requireAccess } from "./http/cloudflare-access.ts";
import { createRouter } from "./http/router.ts";
import { wakeObjects } from "./operations/wake-objects.ts";
import { kindOfQueue } from "./queues/names.ts";

export { Ledger } from "./objects/ledger/object.ts";
export { Registry } from "./objects/registry/object.ts";
export { UserShard } from "./objects/user-shard/object.ts";
export { WebhookEndpoint } from "./objects/webhook-endpoint/object.ts";

const route = createRouter(ROUTE_TABLE, {
  isBrowserPath,
  presentError,
  requireReady: (request, context) => {
    const { env, url } = context;
    // It says what is wrong.
    if (url.pathname !== HEALTH_PATH) requireVariables(env);
    return isDashboardPath(url.pathname) ? requireAccess(request, context) : undefined;
  },
  servePage: serveDashboard,
});

/** Messages wait as long, s, for a deployment whose variables are right. */
const WRONG_VARIABLES_SECONDS = 60;

/** The Worker: HTTP in, queues in, and the clock. */
export default {
  fetch: (request, env, execution) => route(request, env, execution),
  async queue(batch, env) {
    if (findVariableFaults(env).length > 0) {
      // What goes to the dead letters meanwhile is sent again by the ledgers.
      batch.retryAll({ delaySeconds: WRONG_VARIABLES_SECONDS });
      return;
    }
    const kind = kindOfQueue(batch.queue);
    if (kind === "dead-letters") await consumeDeadLetters(batch, env);
    else if (kind === "dispatches") await consumeDispatches(batch, env);
    else await consumeDeliveries(batch, env);
  },
  async scheduled(controller, env) {
    if (findVariableFaults(env).length === 0) await wakeObjects(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Bindings>;
