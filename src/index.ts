import { presentError } from "./api/errors.ts";
import { isBrowserPath, ROUTES } from "./api/routes.ts";
import type { Bindings } from "./env.ts";
import { createRouter } from "./http/router.ts";
import { consumeDeadLetters } from "./notifications/dead-letters.ts";
import { consumeDeliveries } from "./notifications/deliver-consumer.ts";
import { consumePushes } from "./push/consumer.ts";
import { kindOfQueue } from "./queue-names.ts";

export { Registry } from "./apps/registry.ts";
export { Ledger } from "./notifications/ledger.ts";
export { UserShard } from "./users/user-shard.ts";
export { WebhookEndpoint } from "./webhooks/endpoint.ts";

const route = createRouter(ROUTES, { isBrowserPath, presentError });

/** The Worker: HTTP in, queues in. */
export default {
  fetch: (request, env, execution) => route(request, env, execution),
  async queue(batch, env) {
    const kind = kindOfQueue(batch.queue);
    if (kind === "dead-letters") await consumeDeadLetters(batch, env);
    else if (kind === "push") await consumePushes(batch, env);
    else await consumeDeliveries(batch, env);
  },
} satisfies ExportedHandler<Bindings>;
