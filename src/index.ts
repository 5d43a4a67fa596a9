import { presentError } from "./api/errors.ts";
import { HEALTH_PATH, isBrowserPath, ROUTES } from "./api/routes.ts";
import { type Bindings, findVariableFaults, requireVariables } from "./env.ts";
import { createRouter } from "./http/router.ts";
import { consumeDeadLetters } from "./notifications/dead-letters.ts";
import { consumeDeliveries } from "./notifications/deliver-consumer.ts";
import { wakeObjects } from "./operations/wake-objects.ts";
import { consumePushes } from "./push/consumer.ts";
import { kindOfQueue } from "./queue-names.ts";

export { Registry } from "./apps/registry.ts";
export { Ledger } from "./notifications/ledger.ts";
export { UserShard } from "./users/user-shard.ts";
export { WebhookEndpoint } from "./webhooks/endpoint.ts";

const route = createRouter(ROUTES, {
  ...{ isBrowserPath, presentError },
  requireReady: ({ env, url }) => {
    // It says what is wrong.
    if (url.pathname !== HEALTH_PATH) requireVariables(env);
  },
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
    else if (kind === "push") await consumePushes(batch, env);
    else await consumeDeliveries(batch, env);
  },
  async scheduled(controller, env) {
    if (findVariableFaults(env).length === 0) await wakeObjects(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Bindings>;
