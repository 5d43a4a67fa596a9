import { newId } from "../ids.ts";
import { MAX_CONNECTIONS } from "../limits.ts";
import type { DueTable } from "../objects/due.ts";
import { TimedFetch } from "../push/timed-fetch.ts";
import type { EndpointStore } from "./endpoint-store.ts";
import { TEST_EVENT, type WebhookMessage, webhookBody } from "./events.ts";
import type { Attempt, DisabledReason, EndpointConfig, StoredMessage } from "./model.ts";
import { type PostOutcome, postWebhook } from "./post-webhook.ts";
import { DISABLE_AFTER_MS, nextPauseMs } from "./schedule.ts";

/** The duty's kind: messages are due. */
export const SEND_DUTY = "send";
/** The duty's kind: the registry is to be told that the endpoint is disabled; its id is the reason. */
export const DISABLED_DUTY = "disabled";

/** Longer than an attempt takes: if the instance dies in one, the alarm makes it again. */
const SAFETY_MS = 20_000;
/**
 * Calls that one turn starts. An invocation may make a thousand subrequests
 * (developers.cloudflare.com/workers/platform/limits); the alarm goes on in another one.
 */
const SENDS_PER_TURN = 500;
const GONE = 410;

/**
 * Sends an endpoint's messages, six at a time, and writes down every attempt. What is being sent is known in memory
 * only and stays due in the table, so that a crash costs a repeat and never a message.
 */
export class WebhookSender {
  readonly #store: EndpointStore;
  readonly #due: DueTable;
  readonly #timeoutMs: number;
  readonly #timedFetch = new TimedFetch();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** When the alarm looks next, as far as this instance knows: saves a row written per attempt. */
  #plannedAt: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Calls that this turn may still start. */
  #sendsLeft = SENDS_PER_TURN;
  #isClosed = false;

  constructor(store: EndpointStore, due: DueTable, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#store = store;
    this.#due = due;
  }

  /** After a transaction that made messages due: sends what there are connections for. */
  wake(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#sendsLeft = SENDS_PER_TURN;
      this.#fill();
    }, 0);
  }

  /** The endpoint is deleted: what is being sent now isn't written down. */
  close(): void {
    this.#isClosed = true;
  }

  /** The alarm's turn: starts what is due and waits for what was started, so that the object stays awake for it. */
  async run(): Promise<void> {
    this.#plannedAt = null;
    this.#transaction(() => this.plan());
    this.#sendsLeft = SENDS_PER_TURN;
    this.#fill();
    await Promise.all(this.#inFlight.values());
    if (this.#isClosed) return;
    this.#transaction(() => {
      this.#due.remove(SEND_DUTY, "");
      this.#plannedAt = null;
      this.plan();
    });
  }

  /** In a transaction: the alarm comes when the next message is due, or a little after what should go out now. */
  plan(): void {
    const now = Date.now();
    const nextAt = this.#nextAt(now);
    if (nextAt === null) return;
    const planned = this.#plannedAt;
    if (planned !== null && planned > now && planned <= nextAt) return;
    this.#due.set(SEND_DUTY, "", nextAt);
    this.#plannedAt = nextAt;
  }

  /** Sends a test event now; it isn't repeated. Null where the endpoint was deleted meanwhile. */
  async sendTest(webhookId: string): Promise<Attempt | null> {
    const now = Date.now();
    const message: WebhookMessage = {
      id: newId(),
      type: TEST_EVENT,
      body: webhookBody(TEST_EVENT, now, { webhookId }),
    };
    const outcome = await postWebhook(this.#timedFetch, this.#requireConfig(), message, this.#timeoutMs);
    if (this.#isClosed) return null;
    return this.#transaction(() => {
      this.#store.addTestMessage(message, outcome.isSuccess ? "succeeded" : "failed");
      if (outcome.isSuccess) this.#noteSuccess();
      return this.#addAttempt(message, outcome, now, null);
    });
  }

  /** Sends a message again now, under its id. A success ends its retries; a failure leaves them as they are. */
  async resend(message: WebhookMessage): Promise<Attempt | null> {
    const now = Date.now();
    const outcome = await postWebhook(this.#timedFetch, this.#requireConfig(), message, this.#timeoutMs);
    if (this.#isClosed) return null;
    return this.#transaction(() => {
      if (outcome.isSuccess) {
        this.#noteSuccess();
        const tries = this.#store.getMessage(message.id)?.tries ?? 0;
        this.#store.setMessage(message.id, "succeeded", tries, null);
      }
      return this.#addAttempt(message, outcome, now, null);
    });
  }

  #fill(): void {
    if (this.#isClosed || this.#store.getConfig()?.isEnabled !== true) return;
    const free = Math.min(MAX_CONNECTIONS - this.#inFlight.size, this.#sendsLeft);
    if (free <= 0) {
      if (this.#inFlight.size === 0) this.#leaveToAlarm();
      return;
    }
    for (const message of this.#store.listDue(Date.now(), [...this.#inFlight.keys()], free)) {
      const sending = this.#send(message)
        .catch((error: unknown) => console.error({ message: "an attempt wasn't written down", error }))
        .finally(() => {
          this.#inFlight.delete(message.id);
          this.#fill();
        });
      this.#inFlight.set(message.id, sending);
      this.#sendsLeft--;
    }
  }

  /** The turn is over: what is still due is the next one's, at once. */
  #leaveToAlarm(): void {
    const now = Date.now();
    if ((this.#store.nextAt() ?? now + 1) > now) return;
    this.#transaction(() => {
      this.#due.set(SEND_DUTY, "", now);
      this.#plannedAt = now;
    });
  }

  async #send(message: StoredMessage): Promise<void> {
    const startedAt = Date.now();
    const outcome = await postWebhook(this.#timedFetch, this.#requireConfig(), message, this.#timeoutMs);
    if (this.#isClosed) return;
    this.#transaction(() => {
      this.#record(message, outcome, startedAt);
      this.plan();
    });
  }

  #record(message: StoredMessage, outcome: PostOutcome, startedAt: number): void {
    const tries = message.tries + 1;
    if (outcome.isSuccess) {
      this.#store.setMessage(message.id, "succeeded", tries, null);
      this.#noteSuccess();
      this.#addAttempt(message, outcome, startedAt, null);
      return;
    }
    const pauseMs = nextPauseMs(tries, outcome.retryAfterMs, Math.random());
    const nextAt = pauseMs === null ? null : Date.now() + pauseMs;
    // Sent again by hand meanwhile, with success: then this failure is only told.
    const isDone = this.#store.getMessage(message.id)?.status === "succeeded";
    if (!isDone) this.#store.setMessage(message.id, nextAt === null ? "failed" : "waiting", tries, nextAt);
    this.#noteFailure(outcome, startedAt);
    const isPlanned = !isDone && this.#requireConfig().isEnabled;
    this.#addAttempt(message, outcome, startedAt, isPlanned ? nextAt : null);
  }

  #noteSuccess(): void {
    if (this.#store.getFailingSince() !== null) this.#store.setFailingSince(null);
  }

  #noteFailure({ httpStatus }: PostOutcome, startedAt: number): void {
    const failingSince = this.#store.getFailingSince();
    if (failingSince === null) this.#store.setFailingSince(startedAt);
    if (httpStatus === GONE) this.#disable("gone");
    else if (startedAt - (failingSince ?? startedAt) >= DISABLE_AFTER_MS) this.#disable("failing");
  }

  /** At once here; the registry, whose word it is in the end, is told by the alarm until it has heard. */
  #disable(reason: DisabledReason): void {
    const config = this.#requireConfig();
    if (!config.isEnabled) return;
    this.#store.setConfig({ ...config, isEnabled: false });
    this.#due.set(DISABLED_DUTY, reason, Date.now());
  }

  #addAttempt(
    message: WebhookMessage,
    outcome: PostOutcome,
    at: number,
    nextAttemptAt: number | null,
  ): Attempt {
    const { isSuccess, httpStatus, durationMs, response, error } = outcome;
    return this.#store.addAttempt({
      ...{ messageId: message.id, type: message.type, status: isSuccess ? "succeeded" : "failed" },
      ...{ httpStatus, durationMs, response, error, at, nextAttemptAt },
    });
  }

  #nextAt(now: number): number | null {
    if (!this.#requireConfig().isEnabled) return null;
    const nextAt = this.#store.nextAt();
    return nextAt === null || nextAt > now ? nextAt : now + SAFETY_MS;
  }

  #requireConfig(): EndpointConfig {
    const config = this.#store.getConfig();
    if (config === null) throw new Error("An endpoint without a configuration sends nothing");
    return config;
  }

  #transaction<T>(work: () => T): T {
    try {
      return this.#due.transaction(work);
    } catch (error) {
      this.#plannedAt = null;
      throw error;
    }
  }
}
