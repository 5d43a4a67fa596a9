import type { Webhook, WebhookAttempt, WebhookRecovery, WebhookWithSecret } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query } from "../requests.ts";
import { Collection } from "./collection.ts";

interface WebhookKinds {
  one: Webhook;
  create: Body<"createWebhook">;
  /** With the secret, this once. */
  created: WebhookWithSecret;
  update: Body<"updateWebhook">;
  updated: Webhook;
}

/** Endpoints of an app's own, and what they were called with. Their calls are verified by `onecall/webhooks`. */
export class Webhooks extends Collection<WebhookKinds> {
  protected readonly root = api`/webhooks`;

  list(query?: Query<"listWebhooks">, options?: CallOptions): Pages<Webhook> {
    return this.requests.list<"listWebhooks">(this.root, options, query);
  }

  delete(webhook: string, options?: CallOptions): Promise<Answer<"deleteWebhook">> {
    return this.requests.delete(this.pathOf(webhook), options);
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
    return this.requests.list<"listWebhookAttempts">(api`/webhooks/${webhook}/attempts`, options, query);
  }

  resend(webhook: string, attempt: string, options?: CallOptions): Promise<WebhookAttempt> {
    return this.requests.post(api`/webhooks/${webhook}/attempts/${attempt}/resend`, options);
  }
}
