import { BATCH_TYPE, batchBody, type CallType, TEST_EVENT, webhookBody } from "../../model/events.ts";
import { newId } from "../../model/ids.ts";
import { MAX_CONNECTIONS } from "../../model/limits.ts";
import { NO_WEBHOOK } from "../../model/missing.ts";
import { type Outcome, succeed } from "../../model/outcome.ts";
import type { Attempt, DisabledReason, EndpointConfig, WebhookCall } from "../../model/webhook.ts";
import { DISABLE_AFTER_MS, nextPauseMs } from "../../model/webhook-schedule.ts";
import { type PostOutcome, postWebhook } from "../../outbound/post-webhook.ts";
import { TimedFetch } from "../../outbound/timed-fetch.ts";
import type { DueTable } from "../kit/due.ts";
import type { AttemptStore } from "./attempt-store.ts";
import type { CallStore } from "./call-store.ts";
import type { Counters } from "./counters.ts";
import type { EndpointStore } from "./endpoint-store.ts";
import type { EventQueue } from "./event-queue.ts";

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
/** Calls that one step wakes after their endpoint was enabled again. */
const WAKES_PER_STEP = 500;
const GONE = 410;

interface SenderParts {
  store: EndpointStore;
  queue: EventQueue;
  calls: CallStore;
  counters: Counters;
  attempts: AttemptStore;
  due: DueTable;
  timeoutMs: number;
}

/**
 * Sends an endpoint's events, six calls at a time ({@link MAX_CONNECTIONS}: an object has no more), and writes down
 * every attempt. A call is written down before it is sent and stays due until it was taken, so that a crash costs a
 * repeat and never an event; what is being sent now is known in memory only.
 */
export class WebhookSender {
  readonly #parts: SenderParts;
  readonly #timedFetch = new TimedFetch();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** When the alarm looks next, as far as this instance knows: saves a row written per attempt. */
  #plannedAt: number | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Calls that this turn may still start. */
  #sendsLeft = SENDS_PER_TURN;
  #isClosed = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** After a transaction that made events due: sends what there are connections for. */
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
      this.#parts.due.remove(SEND_DUTY, "");
      this.#plannedAt = null;
      this.plan();
    });
    // A turn that used up its sends leaves what is due to the next one, at once.
    if (this.#sendsLeft <= 0) this.#leaveToAlarm();
  }

  /** In a transaction: the alarm comes when the next call is due, or a little after what should go out now. */
  plan(): void {
    const now = Date.now();
    if (!this.#requireConfig().isEnabled) return;
    const dueAt = this.#dueAt();
    if (dueAt === null) return;
    const nextAt = dueAt > now ? dueAt : now + SAFETY_MS;
    const planned = this.#plannedAt;
    if (planned !== null && planned > now && planned <= nextAt) return;
    this.#parts.due.set(SEND_DUTY, "", nextAt);
    this.#plannedAt = nextAt;
  }

  /**
   * Sends a test event now, in the endpoint's form; it isn't repeated. Refused where the endpoint was deleted
   * meanwhile.
   */
  async sendTest(webhookId: string): Promise<Outcome<Attempt>> {
    const now = Date.now();
    const event = {
      id: newId(),
      type: TEST_EVENT,
      body: webhookBody(TEST_EVENT, now, { webhookId }),
    } as const;
    const isBatch = this.#requireConfig().eventsPerCall > 1;
    const call: SentCall = isBatch ? { id: newId(), type: BATCH_TYPE, events: 1 } : { ...event, events: 1 };
    const outcome = await this.#post(call.id, isBatch ? batchBody(now, [event]) : event.body);
    if (this.#isClosed) return NO_WEBHOOK;
    return this.#transaction(() => {
      if (outcome.isSuccess) this.#noteSuccess();
      else this.#parts.calls.addFailedTest(call, event, now);
      return succeed(this.#addAttempt(call, outcome, now, null));
    });
  }

  /** Sends a call again now, under its id. A success ends its retries; a failure leaves them as they are. */
  async resend(call: WebhookCall): Promise<Outcome<Attempt>> {
    const now = Date.now();
    const outcome = await this.#post(call.id, this.#parts.calls.readBody(call));
    if (this.#isClosed) return NO_WEBHOOK;
    return this.#transaction(() => {
      if (outcome.isSuccess) {
        this.#noteSuccess();
        this.#parts.calls.remove(call);
      }
      return succeed(this.#addAttempt(call, outcome, now, null));
    });
  }

  #fill(): void {
    if (this.#isClosed || this.#parts.store.getConfig()?.isEnabled !== true) return;
    while (this.#inFlight.size < MAX_CONNECTIONS && this.#sendsLeft > 0) {
      const call = this.#takeNext(Date.now());
      if (call === null) return;
      const sending = this.#send(call)
        .catch((error: unknown) => console.error({ message: "an attempt wasn't written down", error }))
        .finally(() => {
          this.#inFlight.delete(call.id);
          this.#fill();
        });
      this.#inFlight.set(call.id, sending);
      this.#sendsLeft--;
    }
    if (this.#inFlight.size === 0) this.#leaveToAlarm();
  }

  /** What has been due for longest: a call that is repeated, or one of events that came. */
  #takeNext(now: number): WebhookCall | null {
    const { queue, calls } = this.#parts;
    const inFlight = [...this.#inFlight.keys()];
    let due = calls.findDue(now, inFlight);
    while (due === null && this.#wakeSome(now)) due = calls.findDue(now, inFlight);
    const freshAt = queue.freshAt();
    if (freshAt === null || (due !== null && due.nextAt <= freshAt)) return due;
    const { eventsPerCall } = this.#requireConfig();
    return this.#transaction(() => calls.compose(eventsPerCall, now));
  }

  /** False where nothing is to be woken any more. */
  #wakeSome(now: number): boolean {
    const { counters, calls } = this.#parts;
    const waking = counters.getWaking();
    if (waking === null) return false;
    this.#transaction(() => counters.setWoken(calls.wake(waking.afterId, waking.toId, WAKES_PER_STEP, now)));
    return true;
  }

  /** The turn is over: what is still due is the next one's, at once. */
  #leaveToAlarm(): void {
    const now = Date.now();
    if ((this.#dueAt() ?? now + 1) > now) return;
    this.#transaction(() => {
      this.#parts.due.set(SEND_DUTY, "", now);
      this.#plannedAt = now;
    });
  }

  async #send(call: WebhookCall): Promise<void> {
    const startedAt = Date.now();
    const outcome = await this.#post(call.id, this.#parts.calls.readBody(call));
    if (this.#isClosed) return;
    this.#transaction(() => {
      this.#record(call, outcome, startedAt);
      this.plan();
    });
  }

  #record(call: WebhookCall, outcome: PostOutcome, startedAt: number): void {
    const { calls } = this.#parts;
    if (outcome.isSuccess) {
      calls.remove(call);
      this.#noteSuccess();
      this.#addAttempt(call, outcome, startedAt, null);
      return;
    }
    const tries = call.tries + 1;
    const pauseMs = nextPauseMs(tries, outcome.retryAfterMs, Math.random());
    const nextAt = pauseMs === null ? null : Date.now() + pauseMs;
    // The call may have been resent by hand meanwhile, and taken: then this failure changes nothing else.
    const isDone = calls.get(call.id) === null;
    if (!isDone) calls.setFailedTry(call, tries, nextAt);
    this.#noteFailure(outcome, startedAt);
    const isPlanned = !isDone && this.#requireConfig().isEnabled;
    this.#addAttempt(call, outcome, startedAt, isPlanned ? nextAt : null);
  }

  #noteSuccess(): void {
    const { store } = this.#parts;
    if (store.getState().failingSince !== null) store.setFailingSince(null);
  }

  #noteFailure({ httpStatus }: PostOutcome, startedAt: number): void {
    const { store } = this.#parts;
    const { failingSince } = store.getState();
    if (failingSince === null) store.setFailingSince(startedAt);
    if (httpStatus === GONE) this.disable("gone");
    else if (startedAt - (failingSince ?? startedAt) >= DISABLE_AFTER_MS) this.disable("failing");
  }

  /**
   * In a transaction. At once here; the registry, whose word it is in the end, is told by the alarm until it has
   * heard.
   */
  disable(reason: DisabledReason): void {
    const { store, counters, due } = this.#parts;
    const config = this.#requireConfig();
    if (!config.isEnabled) return;
    store.setConfig({ ...config, isEnabled: false });
    counters.noteDisabled();
    due.set(DISABLED_DUTY, reason, Date.now());
  }

  #addAttempt(call: SentCall, outcome: PostOutcome, at: number, nextAttemptAt: number | null): Attempt {
    const { isSuccess, httpStatus, durationMs, response, error } = outcome;
    const { id: messageId, type, events } = call;
    return this.#parts.attempts.add({
      messageId,
      type,
      events,
      status: isSuccess ? "succeeded" : "failed",
      httpStatus,
      durationMs,
      response,
      error,
      at,
      nextAttemptAt,
    });
  }

  /** When something is due, Unix ms; null where nothing waits. */
  #dueAt(): number | null {
    const { queue, calls, counters } = this.#parts;
    const times = [calls.nextAt(), queue.freshAt(), counters.getWaking() === null ? null : 0];
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  #post(id: string, body: string): Promise<PostOutcome> {
    return postWebhook(this.#timedFetch, this.#requireConfig(), { id, body }, this.#parts.timeoutMs);
  }

  #requireConfig(): EndpointConfig {
    const config = this.#parts.store.getConfig();
    if (config === null) throw new Error("An endpoint without a configuration sends nothing");
    return config;
  }

  #transaction<T>(work: () => T): T {
    try {
      return this.#parts.due.transaction(work);
    } catch (error) {
      this.#plannedAt = null;
      throw error;
    }
  }
}

/** What an attempt tells of a call. */
interface SentCall {
  id: string;
  type: CallType;
  events: number;
}
