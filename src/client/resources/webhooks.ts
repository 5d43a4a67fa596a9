import type { Webhook, WebhookAttempt, WebhookRecovery, WebhookWithSecret } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query, Resource } from "../requests.ts";

/** Endpoints of an app's own, and what they were called with. Their calls are verified by `onecall/webhooks`. */
export class Webhooks extends Resource {
  list(query?: Query<"listWebhooks">, options?: CallOptions): Pages<Webhook> {
    return this.requests.list<Answer<"listWebhooks">>(api`/webhooks`, options, query);
  }

  /** The answer has the secret, this once. */
  create(body: Body<"createWebhook">, options?: CallOptions): Promise<WebhookWithSecret> {
    return this.requests.post(api`/webhooks`, options, body);
  }

  get(webhook: string, options?: CallOptions): Promise<Webhook> {
    return this.requests.get(api`/webhooks/${webhook}`, options);
  }

  update(webhook: string, body: Body<"updateWebhook">, options?: CallOptions): Promise<Webhook> {
    return this.requests.put(api`/webhooks/${webhook}`, options, body);
  }

  delete(webhook: string, options?: CallOptions): Promise<Answer<"deleteWebhook">> {
    return this.requests.delete(api`/webhooks/${webhook}`, options);
  }

  rotateSecret(
    webhook: string,
    body: Body<"rotateWebhookSecret"> = {},
    options?: CallOptions,
  ): Promise<WebhookWithSecret> {
    return this.requests.post(api`/webhooks/${webhook}/rotate-secret`, options, body);
  }

  test(webhook: string, options?: CallOptions): Promise<WebhookAttempt> {
    return this.requests.post(api`/webhooks/${webhook}/test`, options);
  }

  /** Sends again what the endpoint hasn't taken since a time. */
  recover(webhook: string, body: Body<"recoverWebhook">, options?: CallOptions): Promise<WebhookRecovery> {
    return this.requests.post(api`/webhooks/${webhook}/recover`, options, body);
  }

  attempts(
    webhook: string,
    query?: Query<"listWebhookAttempts">,
    options?: CallOptions,
  ): Pages<WebhookAttempt> {
    return this.requests.list<Answer<"listWebhookAttempts">>(
      api`/webhooks/${webhook}/attempts`,
      options,
      query,
    );
  }

  resend(webhook: string, attempt: string, options?: CallOptions): Promise<WebhookAttempt> {
    return this.requests.post(api`/webhooks/${webhook}/attempts/${attempt}/resend`, options);
  }
}
