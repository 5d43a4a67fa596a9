import { DurableObject } from "cloudflare:workers";
import { type Bindings, readConfig } from "../../env.ts";
import type { OutboxMessage } from "../../model/events.ts";
import { firstIdAt } from "../../model/ids.ts";
import { NO_WEBHOOK } from "../../model/missing.ts";
import type { SecretsState } from "../../model/object-state.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import {
  type Attempt,
  DISABLED_REASONS,
  type DisabledReason,
  type EndpointConfig,
  type EndpointState,
} from "../../model/webhook.ts";
import { DueTable } from "../kit/due.ts";
import { Duties } from "../kit/duties.ts";
import { webhookIdentityOf } from "../kit/identity.ts";
import { isUntouched, migrate } from "../kit/migrate.ts";
import { SecretBox } from "../kit/secret-box.ts";
import { getRegistryStub } from "../registry/contract.ts";
import { AttemptStore } from "./attempt-store.ts";
import { CallStore } from "./call-store.ts";
import type { WebhookEndpointContract } from "./contract.ts";
import { Counters } from "./counters.ts";
import { EndpointStore } from "./endpoint-store.ts";
import { EventQueue } from "./event-queue.ts";
import { WEBHOOK_ENDPOINT_SCHEMA } from "./schema.ts";
import { DISABLED_DUTY, SEND_DUTY, WebhookSender } from "./sender.ts";

const DISABLED = refuse(
  "ERR_CONFLICT",
  "The endpoint is disabled. Enable it first: what waits goes out then.",
);
const NO_ATTEMPT = refuse("ERR_NOT_FOUND", "There is no such attempt.");
const NOT_KEPT = refuse(
  "ERR_CONFLICT",
  "Nothing of this call is kept: the endpoint has taken it, or it has ended.",
);
const MINUTE_MS = 60 * 1000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** How long what waits, what failed for good and attempts are kept. */
const RETENTION_MS = 30 * DAY_MS;
/** Of each, so many go in one turn of the alarm, a minute apart where there are more. */
const RETENTION_SLICE = 1000;
const RETENTION_DUTY = "retention";
/** One that was enabled again has this long to work off what waits for it: until then what finds no room is dropped. */
const CATCH_UP_MS = HOUR_MS;
/** Before the alarm tells the registry again that the endpoint is disabled, ms. */
const TELL_PAUSES = { firstMs: 10_000, longestMs: 10_000 };

interface Stores {
  due: DueTable;
  box: SecretBox;
  store: EndpointStore;
  queue: EventQueue;
  calls: CallStore;
  counters: Counters;
  attempts: AttemptStore;
}

/** The parts of an endpoint that exists. */
interface Parts extends Stores {
  sender: WebhookSender;
  duties: Duties;
}

/**
 * One webhook endpoint of an app: what it is still to get, and every attempt of the last 30 days. An endpoint that is
 * down fills and delays nothing but its own object. One that the registry doesn't know has no tables.
 */
export class WebhookEndpoint extends DurableObject<Bindings> implements WebhookEndpointContract {
  readonly #identity: { appId: string; webhookId: string };
  #parts: Parts | null = null;
  /** Ids are never given twice, so what is deleted stays so: a late message or configuration revives nothing. */
  #isDeleted = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#identity = webhookIdentityOf(ctx.id);
    if (!isUntouched(ctx.storage)) this.#parts = this.#open();
  }

  async accept(
    messages: readonly OutboxMessage[],
    revision: number,
    source: string,
    lost: number,
  ): Promise<void> {
    const parts = await this.#find(revision);
    if (parts === null) return;
    const { due, store, queue, counters, sender } = parts;
    const now = Date.now();
    due.transaction(() => {
      const config = store.getConfig();
      if (config === null) return;
      const wanted = new Set<string>(config.events);
      const fresh = queue.takeNew(source, messages, now).filter(({ type }) => wanted.has(type));
      counters.noteDropped(lost + (config.isEnabled ? 0 : fresh.length));
      due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      if (!config.isEnabled) return;
      const dropped = queue.add(fresh, now);
      if (dropped > 0) this.#noteFull(parts, dropped, now);
      sender.plan();
    });
    sender.wake();
  }

  async configure(config: EndpointConfig | null): Promise<void> {
    if (config === null) await this.#delete();
    else this.#configure(config);
  }

  getState(): EndpointState {
    return this.#parts?.store.getState() ?? { failingSince: null, waiting: 0, dropped: 0 };
  }

  readSecretsState(): SecretsState | null {
    if (this.#parts === null) return null;
    this.#refreshSecrets(this.#parts);
    return this.#parts.box.getState();
  }

  listAttempts(beforeId: string | null, limit: number): Attempt[] {
    return this.#parts?.attempts.list(beforeId, limit) ?? [];
  }

  async sendTest(): Promise<Outcome<Attempt>> {
    const parts = await this.#find();
    if (parts === null) return NO_WEBHOOK;
    parts.due.transaction(() => parts.due.ensure(RETENTION_DUTY, "", Date.now() + DAY_MS));
    return parts.sender.sendTest(this.#identity.webhookId);
  }

  async resend(attemptId: string): Promise<Outcome<Attempt>> {
    const parts = await this.#find();
    const attempt = parts?.attempts.get(attemptId) ?? null;
    if (parts === null || attempt === null) return NO_ATTEMPT;
    const call = parts.calls.get(attempt.messageId);
    if (call === null) return NOT_KEPT;
    return parts.sender.resend(call);
  }

  async recover(since: number): Promise<Outcome<{ recovered: number; isMore: boolean }>> {
    const parts = await this.#find();
    if (parts === null) return NO_WEBHOOK;
    if (parts.store.getConfig()?.isEnabled !== true) return DISABLED;
    const { due, calls, sender } = parts;
    const recovered = due.transaction(() => {
      const done = calls.recover(firstIdAt(since), Date.now());
      sender.plan();
      return done;
    });
    sender.wake();
    return succeed(recovered);
  }

  async ensureAlarm(): Promise<void> {
    await this.#parts?.due.ensureAlarm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#parts?.duties.run(info);
  }

  #configure(config: EndpointConfig): Parts | null {
    if (this.#isDeleted) return null;
    this.#parts ??= this.#open();
    const { due, store, counters, sender } = this.#parts;
    const now = Date.now();
    due.transaction(() => {
      const before = store.getConfig();
      if (before !== null && before.revision >= config.revision) return;
      store.setConfig(config);
      if (before?.isEnabled && !config.isEnabled) counters.noteDisabled();
      if (config.isEnabled && before?.isEnabled === false) {
        // Enabling is a new start: what waits goes out, and the five days until it is disabled begin again.
        store.setFailingSince(null);
        counters.noteEnabled(now);
        // The app enabled the endpoint before the registry heard that it was disabled: the app's call stands.
        for (const reason of DISABLED_REASONS) due.remove(DISABLED_DUTY, reason);
      }
      sender.plan();
    });
    sender.wake();
    return this.#parts;
  }

  /**
   * The endpoint's parts, no older than `revision`. What this object hasn't heard of is asked for; null: there is
   * none.
   */
  async #find(revision = 0): Promise<Parts | null> {
    if (this.#isDeleted) return null;
    const known = this.#parts?.store.getConfig()?.revision;
    if (known !== undefined && known >= revision) return this.#parts;
    const { appId, webhookId } = this.#identity;
    const config = await getRegistryStub(this.env, appId).getWebhookConfig(webhookId);
    return config === null ? null : this.#configure(config);
  }

  #open(): Parts {
    migrate(this.ctx.storage, WEBHOOK_ENDPOINT_SCHEMA);
    const due = new DueTable(this.ctx.storage);
    const { sql } = this.ctx.storage;
    const counters = new Counters(sql);
    const queue = new EventQueue(sql, counters);
    const box = new SecretBox(sql, this.env, this.ctx.id.name ?? "");
    const stores = { box, store: new EndpointStore(sql, box, counters), queue, counters };
    const calls = new CallStore(sql, queue, counters);
    const parts = { ...stores, calls, due, attempts: new AttemptStore(sql, counters) };
    const { webhookTimeoutMs: timeoutMs } = readConfig(this.env);
    this.#refreshSecrets(parts);
    const sender = new WebhookSender({ ...parts, timeoutMs });
    const duties = new Duties(this.ctx.storage, due, this.ctx.id.name ?? "", [
      { kind: SEND_DUTY, serve: () => sender.run() },
      { kind: DISABLED_DUTY, pauses: TELL_PAUSES, serve: (reason) => this.#tellDisabled(parts, reason) },
      { kind: RETENTION_DUTY, serve: (_, now) => this.#deleteExpired(parts, now) },
    ]);
    return { ...parts, sender, duties };
  }

  /** An object can be opened whatever is wrong with its key: what needs it fails, and says so. */
  #refreshSecrets({ due, box, store }: Stores): void {
    try {
      due.transaction(() => {
        box.rewrap();
        store.sealAll();
      });
    } catch (error) {
      console.error({ message: "a webhook's secrets can't be read", ...this.#identity, error });
    }
  }

  async #delete(): Promise<void> {
    this.#isDeleted = true;
    const parts = this.#parts;
    this.#parts = null;
    parts?.sender.close();
    await parts?.due.eraseObject();
  }

  /** The registry mirrors it to where sends read it, and shows it; its answer comes as a configuration. */
  async #tellDisabled({ due, store }: Stores, reason: string): Promise<void> {
    if (!isDisabledReason(reason)) throw new Error("An endpoint isn't disabled for such a reason");
    const { appId, webhookId } = this.#identity;
    const revision = store.getConfig()?.revision ?? 0;
    await getRegistryStub(this.env, appId).disableWebhook(webhookId, reason, revision);
    if (!due.hasEnded) due.remove(DISABLED_DUTY, reason);
  }

  /** Too much waits for it. What came too late is dropped; the endpoint is disabled, unless it is just catching up. */
  #noteFull({ counters, sender }: Parts, dropped: number, now: number): void {
    const enabledAt = counters.getEnabledAt();
    if (enabledAt === null || now - enabledAt >= CATCH_UP_MS) sender.disable("backlog");
    counters.noteDropped(dropped);
  }

  #deleteExpired({ due, queue, calls, attempts }: Stores, now: number): void {
    due.transaction(() => {
      const firstId = firstIdAt(now - RETENTION_MS);
      const isMore = [
        attempts.expire(firstId, RETENTION_SLICE),
        calls.expire(firstId, RETENTION_SLICE),
        queue.expire(now - RETENTION_MS, RETENTION_SLICE),
      ].includes(true);
      queue.expireSources(now, RETENTION_SLICE);
      due.set(RETENTION_DUTY, "", now + (isMore ? MINUTE_MS : DAY_MS));
    });
  }
}

function isDisabledReason(text: string): text is DisabledReason {
  return (DISABLED_REASONS as readonly string[]).includes(text);
}
