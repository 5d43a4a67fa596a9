import { adminRoutes } from "./api/admin/routes.ts";
import { API, businessMessagingRoutes } from "./api/business-messaging/routes.ts";
import { campaignsRoutes } from "./api/campaigns/routes.ts";
import { presentError } from "./api/errors.ts";
import { feedRoutes } from "./api/feed/routes.ts";
import { getHealth } from "./api/health.ts";
import { platformRoutes } from "./api/platform/routes.ts";
import type { Bindings } from "./env.ts";
import { createRouter } from "./http/router.ts";
import { consumeDeadLetters, consumeDeliveries } from "./notifications/deliver-consumer.ts";
import { consumePushes } from "./push/consumer.ts";

export { Registry } from "./apps/registry.ts";
export { Ledger } from "./notifications/ledger.ts";
export { UserShard } from "./users/user-shard.ts";
export { WebhookEndpoint } from "./webhooks/endpoint.ts";

const route = createRouter(
  [
    ...businessMessagingRoutes,
    ...platformRoutes,
    ...campaignsRoutes,
    ...feedRoutes(API),
    ...adminRoutes,
    ["GET", "/health", getHealth],
  ],
  { isBrowserPath: (path) => path === `${API}/feed` || path.startsWith(`${API}/feed/`), presentError },
);

/** The Worker: HTTP in, queues in. */
export default {
  fetch: (request, env, execution) => route(request, env, execution),
  async queue(batch, env) {
    if (batch.queue.endsWith("dead-letters")) consumeDeadLetters(batch);
    else if (batch.queue.includes("-push-")) await consumePushes(batch, env);
    else await consumeDeliveries(batch, env);
  },
} satisfies ExportedHandler<Bindings>;
