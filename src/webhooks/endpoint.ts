import { DurableObject } from "cloudflare:workers";
import { openRegistry } from "../apps/registry-binding.ts";
import { type Bindings, readConfig } from "../env.ts";
import { firstIdAt } from "../ids.ts";
import { DueTable } from "../objects/due.ts";
import { webhookIdentityOf } from "../objects/identity.ts";
import { isUntouched, migrate } from "../objects/migrate.ts";
import { WEBHOOK_ENDPOINT_SCHEMA } from "./endpoint-schema.ts";
import { EndpointStore } from "./endpoint-store.ts";
import type { WebhookMessage } from "./events.ts";
import { type Attempt, DISABLED_REASONS, type DisabledReason, type EndpointConfig } from "./model.ts";
import { DISABLED_DUTY, SEND_DUTY, WebhookSender } from "./sender.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long messages and attempts are kept. */
const RETENTION_MS = 30 * DAY_MS;
/** Messages, and attempts, that one turn of the alarm removes. */
const RETENTION_SLICE = 1000;
const RETENTION_DUTY = "retention";
const DUTIES_PER_ALARM = 10;
/** Before the alarm tells the registry again, ms. */
const RETRY_MS = 10_000;

/** Of an endpoint that exists. */
interface Parts {
  due: DueTable;
  store: EndpointStore;
  sender: WebhookSender;
}

/**
 * One webhook endpoint of an app: what it is still to get, and every attempt of the last 30 days. An endpoint that is
 * down fills and delays nothing but its own object. One that the registry doesn't know has no tables.
 */
export class WebhookEndpoint extends DurableObject<Bindings> {
  readonly #identity: { appId: string; webhookId: string };
  #parts: Parts | null = null;
  /** Ids are never given twice, so what is deleted stays so: a late message or configuration revives nothing. */
  #isDeleted = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#identity = webhookIdentityOf(ctx.id);
    if (!isUntouched(ctx.storage)) this.#parts = this.#open();
  }

  /**
   * Stores messages to be sent; those that it has already change nothing. `revision`: of the endpoint, as whoever hands
   * over knows it; a newer one than stands here is asked for first, and throws where the registry can't be reached. By
   * what then stands, messages are ignored that the endpoint isn't subscribed to, and all where it is disabled or gone.
   */
  async accept(messages: readonly WebhookMessage[], revision: number): Promise<void> {
    const parts = await this.#find(revision);
    if (parts === null) return;
    const { due, store, sender } = parts;
    const now = Date.now();
    due.transaction(() => {
      const config = store.getConfig();
      if (config === null || !config.isEnabled) return;
      const events = new Set<string>(config.events);
      store.addMessages(
        messages.filter(({ type }) => events.has(type)),
        now,
      );
      due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      sender.plan();
    });
    sender.wake();
  }

  /** Takes the registry's word; null: the endpoint is deleted. An older word than the one that stands changes nothing. */
  async configure(config: EndpointConfig | null): Promise<void> {
    if (config === null) await this.#delete();
    else this.#configure(config);
  }

  getFailingSince(): number | null {
    return this.#parts?.store.getFailingSince() ?? null;
  }

  /** Newest first. */
  listAttempts(beforeId: string | null, limit: number): Attempt[] {
    return this.#parts?.store.listAttempts(beforeId, limit) ?? [];
  }

  /** Sends a test event now, whether the endpoint is enabled or not; null where it isn't there. */
  async sendTest(): Promise<Attempt | null> {
    const parts = await this.#find();
    if (parts === null) return null;
    parts.due.transaction(() => parts.due.ensure(RETENTION_DUTY, "", Date.now() + DAY_MS));
    return parts.sender.sendTest(this.#identity.webhookId);
  }

  /** Sends an attempt's message again now; null where there is no such attempt, or its message has ended. */
  async resend(attemptId: string): Promise<Attempt | null> {
    const parts = await this.#find();
    const attempt = parts?.store.getAttempt(attemptId);
    const message = attempt ? parts?.store.getMessage(attempt.messageId) : null;
    return parts && message ? parts.sender.resend(message) : null;
  }

  override async alarm(): Promise<void> {
    const parts = this.#parts;
    if (parts === null) return;
    try {
      for (const { kind, id } of parts.due.list(Date.now(), DUTIES_PER_ALARM)) {
        if (kind === SEND_DUTY) await parts.sender.run();
        else if (kind === DISABLED_DUTY) await this.#tellDisabled(parts, id as DisabledReason);
        else if (kind === RETENTION_DUTY) this.#deleteExpired(parts);
      }
    } finally {
      if (this.#parts !== null) parts.due.rearm();
    }
  }

  #configure(config: EndpointConfig): Parts | null {
    if (this.#isDeleted) return null;
    this.#parts ??= this.#open();
    const { due, store, sender } = this.#parts;
    const now = Date.now();
    due.transaction(() => {
      const before = store.getConfig();
      if (before !== null && before.revision >= config.revision) return;
      store.setConfig(config);
      if (config.isEnabled && before?.isEnabled === false) {
        // A new start: what has waited goes out, and its five days begin anew.
        store.setFailingSince(null);
        store.wakeAll(now);
        // Enabled by a call that came before the registry had heard: then the call stands.
        for (const reason of DISABLED_REASONS) due.remove(DISABLED_DUTY, reason);
      }
      sender.plan();
    });
    sender.wake();
    return this.#parts;
  }

  /** The endpoint's parts, no older than `revision`. What this object hasn't heard of is asked for; null: there is none. */
  async #find(revision = 0): Promise<Parts | null> {
    if (this.#isDeleted) return null;
    const known = this.#parts?.store.getConfig()?.revision;
    if (known !== undefined && known >= revision) return this.#parts;
    const { appId, webhookId } = this.#identity;
    const config = await openRegistry(this.env, appId).getWebhookConfig(webhookId);
    return config === null ? null : this.#configure(config);
  }

  #open(): Parts {
    migrate(this.ctx.storage, WEBHOOK_ENDPOINT_SCHEMA);
    const due = new DueTable(this.ctx.storage);
    const store = new EndpointStore(this.ctx.storage.sql);
    const { webhookTimeoutMs } = readConfig(this.env);
    return { due, store, sender: new WebhookSender(store, due, webhookTimeoutMs) };
  }

  async #delete(): Promise<void> {
    this.#isDeleted = true;
    this.#parts?.sender.close();
    this.#parts = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  /** The registry mirrors it to where sends read it, and shows it; its answer comes as a configuration. */
  async #tellDisabled({ due, store }: Parts, reason: DisabledReason): Promise<void> {
    const { appId, webhookId } = this.#identity;
    // Before the attempt: should it die, the next one is already due.
    due.set(DISABLED_DUTY, reason, Date.now() + RETRY_MS);
    try {
      const revision = store.getConfig()?.revision ?? 0;
      await openRegistry(this.env, appId).disableWebhook(webhookId, reason, revision);
    } catch (error) {
      console.error({ message: "the registry wasn't told of a disabled webhook", appId, webhookId, error });
      return;
    }
    if (this.#parts !== null) due.remove(DISABLED_DUTY, reason);
  }

  #deleteExpired({ due, store }: Parts): void {
    const now = Date.now();
    due.transaction(() => {
      const more = store.deleteExpired(firstIdAt(now - RETENTION_MS), RETENTION_SLICE);
      due.set(RETENTION_DUTY, "", more ? now : now + DAY_MS);
    });
  }
}
