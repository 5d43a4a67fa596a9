import { type Actor, type Change, ONECALL } from "../../model/audit.ts";
import { MAX_WEBHOOKS } from "../../model/limits.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type {
  DisabledReason,
  EndpointConfig,
  NewWebhook,
  Webhook,
  WebhookChange,
} from "../../model/webhook.ts";
import type { NewSecret } from "../../model/webhook-secrets.ts";
import { requireRoom } from "../kit/room.ts";
import {
  describeDisabledWebhook,
  describeNewWebhook,
  describeSecretRotation,
  describeWebhookChange,
  describeWebhookDeletion,
} from "./describe-change.ts";
import { FileCalls } from "./file-calls.ts";

/** About the app's webhook endpoints. */
export class WebhookCalls extends FileCalls {
  listWebhooks(beforeId: string | null, limit: number): Webhook[] {
    return this.webhooks.list(beforeId, limit, Date.now());
  }

  getWebhook(id: string): Webhook | null {
    return this.webhooks.get(id, Date.now());
  }

  getWebhookConfig(id: string): EndpointConfig | null {
    return this.exists() ? this.webhooks.getConfig(id) : null;
  }

  async createWebhook(webhook: NewWebhook, secret: NewSecret, actor: Actor): Promise<Outcome<Webhook>> {
    requireRoom(this.ctx.storage, this.env);
    return this.#changeWebhook(() => {
      const created =
        (this.quotas.limitOf("webhooks") < MAX_WEBHOOKS ? this.quotas.check("webhooks") : null) ??
        this.webhooks.create(webhook, secret, Date.now());
      if (created.ok) this.quotas.add("webhooks", 1);
      if (created.ok) this.record(actor, [describeNewWebhook(created.value)]);
      return created;
    });
  }

  async updateWebhook(id: string, change: WebhookChange, actor: Actor): Promise<Outcome<Webhook>> {
    return this.#changeWebhookOf(id, actor, describeWebhookChange, (now) =>
      this.webhooks.update(id, change, now),
    );
  }

  async rotateWebhookSecret(
    id: string,
    secret: NewSecret,
    graceMs: number,
    actor: Actor,
  ): Promise<Outcome<Webhook>> {
    return this.#changeWebhookOf(id, actor, describeSecretRotation, (now) =>
      this.webhooks.rotateSecret(id, secret, graceMs, now),
    );
  }

  async deleteWebhook(id: string, actor: Actor): Promise<Outcome<{ id: string }>> {
    return this.#changeWebhookOf(id, actor, describeWebhookDeletion, () => {
      const deleted = this.webhooks.delete(id);
      if (deleted.ok) this.quotas.add("webhooks", -1);
      return deleted;
    });
  }

  async disableWebhook(id: string, reason: DisabledReason, revision: number): Promise<void> {
    await this.#changeWebhook(() => {
      const disabled = this.webhooks.disable(id, reason, revision, Date.now());
      if (disabled === null) return refuse("ERR_CONFLICT", "The webhook has changed.");
      this.record(ONECALL, [describeDisabledWebhook(disabled)]);
      return succeed(disabled);
    });
  }

  /** As {@link change}, of a webhook endpoint: its object and the sends are to know of it. */
  async #changeWebhook<T extends { id: string }>(work: () => Outcome<T>): Promise<Outcome<T>> {
    const outcome = await this.change(() => {
      const changed = work();
      if (!changed.ok) return changed;
      this.endpointCalls.note(changed.value.id);
      this.mirrorApp();
      return changed;
    });
    if (outcome.ok) await this.endpointCalls.drain();
    return outcome;
  }

  /** A change by a call, which the audit log has too. */
  async #changeWebhookOf<T extends { id: string }>(
    id: string,
    actor: Actor,
    describe: (before: Webhook, after: T) => Change[],
    work: (now: number) => Outcome<T>,
  ): Promise<Outcome<T>> {
    return this.#changeWebhook(() => {
      const now = Date.now();
      const before = this.webhooks.get(id, now);
      const changed = work(now);
      if (changed.ok && before !== null) this.record(actor, describe(before, changed.value));
      return changed;
    });
  }
}
