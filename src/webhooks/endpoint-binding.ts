import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import type { Remote } from "../objects/remote.ts";
import type { WebhookEndpointContract } from "./endpoint-contract.ts";

/** The object of one of an app's webhook endpoints. */
export function openWebhookEndpoint(
  env: Bindings,
  appId: string,
  webhookId: string,
): Remote<WebhookEndpointContract> {
  const stub = env.WEBHOOK_ENDPOINT.getByName(keys.webhookEndpoint(appId, webhookId));
  return stub as unknown as Remote<WebhookEndpointContract>;
}
