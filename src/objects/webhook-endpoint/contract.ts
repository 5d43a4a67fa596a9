import type { Bindings } from "../../env.ts";
import type { OutboxMessage } from "../../model/events.ts";
import { keys } from "../../model/keys.ts";
import type { SecretsState } from "../../model/object-state.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { Attempt, EndpointConfig, EndpointState } from "../../model/webhook.ts";
import type { Remote } from "../kit/remote.ts";

/** What others may ask of a webhook endpoint's object. */
export interface WebhookEndpointContract {
  /**
   * Stores events to be sent; those that the source has handed over before change nothing. `revision`: of the
   * endpoint, as whoever hands over knows it; a newer one than stands here is asked for first, and throws where the
   * registry can't be reached. By what then stands, events are ignored that the endpoint isn't subscribed to; they
   * are dropped and counted where it is disabled or full, and ignored where it is gone. `lost`: how many the source
   * has dropped itself.
   */
  accept(messages: readonly OutboxMessage[], revision: number, source: string, lost: number): Promise<void>;
  /**
   * Takes the registry's word; null: the endpoint is deleted. An older word than the one that stands changes nothing.
   */
  configure(config: EndpointConfig | null): Promise<void>;
  getState(): EndpointState;
  /** How its secrets are stored, once they are as this deployment would have them; null where it has none. */
  readSecretsState(): SecretsState | null;
  /** Newest first. */
  listAttempts(beforeId: string | null, limit: number): Attempt[];
  /** Sends a test event now, whether the endpoint is enabled or not. */
  sendTest(): Promise<Outcome<Attempt>>;
  /** Sends an attempt's call again now; refused where there is no such attempt, or the call was taken or has ended. */
  resend(attemptId: string): Promise<Outcome<Attempt>>;
  /**
   * What has failed for good since then, Unix ms, waits again, and what waits for later is due now. Refused where the
   * endpoint isn't there, or is disabled.
   */
  recover(since: number): Promise<Outcome<{ recovered: number; isMore: boolean }>>;
  /** Sets the alarm where it was lost (operations/wake-objects.ts). */
  ensureAlarm(): Promise<void>;
}

/** The object of one of an app's webhook endpoints. */
export function getEndpointStub(
  env: Bindings,
  appId: string,
  webhookId: string,
): Remote<WebhookEndpointContract> {
  const stub = env.WEBHOOK_ENDPOINT.getByName(keys.webhookEndpoint(appId, webhookId));
  return stub as unknown as Remote<WebhookEndpointContract>;
}
