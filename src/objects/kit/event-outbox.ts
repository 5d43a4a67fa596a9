import { type OutboxMessage, type WebhookEvent, webhookBody } from "../../model/events.ts";
import type { DueTable } from "./due.ts";
import { EventMessages } from "./event-messages.ts";
import { Outbox } from "./outbox.ts";

/** How long a message waits for company, ms: a call to an endpoint's object takes many. */
const DRAIN_DELAY_MS = 500;
const SAFETY_MS = 5000;
const LIMITS = {
  safetyMs: SAFETY_MS,
  pauseMs: SAFETY_MS,
  pauses: { firstMs: 10_000, longestMs: 5 * 60 * 1000 },
};
/** Messages in one call: of 100 deliveries each they stay well under the 32 MiB that a call takes. */
const MESSAGES_PER_CALL = 100;

/** One hand-over to an app's endpoints. */
export interface HandOverRequest {
  /** By `seq`, as they are to come. */
  messages: readonly OutboxMessage[];
  /** Endpoints that are left out: what they want stays. */
  stuck: ReadonlySet<string>;
  /** How many messages an endpoint won't get, by its id. */
  dropped: ReadonlyMap<string, number>;
}

export interface HandedOver {
  /** Numbers of those that every endpoint that wants them has stored. */
  taken: ReadonlySet<number>;
  /** Endpoints that can't be reached now, or were left out. */
  failed: readonly string[];
  /** Endpoints that have stored what they wanted. */
  reached: readonly string[];
}

/** Hands messages to the endpoints that want them. */
export type HandOver = (request: HandOverRequest) => Promise<HandedOver>;

interface OutboxParts {
  sql: SqlStorage;
  due: DueTable;
  handOver: HandOver;
  /** Makes messages of what was gathered, in a transaction; false where there is nothing left to make one of. */
  gather?: () => boolean;
  /** Bytes that are kept for endpoints out of reach, at most. */
  maxBytes?: number;
}

/**
 * Webhooks of an object in which things happen: written in the transaction of what they report, kept until every
 * endpoint that wants them has stored them. An endpoint gets them in their order: one that can't be reached gets none
 * until all that it missed was tried again, by the alarm. So a hand-over that a crash repeats is known by its number.
 * What is kept for endpoints out of reach is bounded: the oldest go, and the endpoint is told how many.
 */
export class WebhookOutbox {
  readonly outbox: Outbox;
  readonly #parts: OutboxParts;
  readonly #messages: EventMessages;
  /** Endpoints out of reach, and how many messages were dropped of theirs. */
  #stuck = new Map<string, number>();
  /** Up to here every endpoint that isn't stuck has had its messages. */
  #handedTo = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#messages = new EventMessages(parts.sql, parts.maxBytes);
    this.outbox = new Outbox("webhooks", parts.due, LIMITS, {
      nextAt: (now) => (this.#messages.isEmpty() && !this.#gather() ? null : now),
      tell: (isRepeat) => (isRepeat ? this.#drainAll() : this.#drainFrom(this.#handedTo, new Map())),
    });
  }

  /** Inside the transaction of what it reports. `timeMs`: when it happened, Unix ms. */
  add(type: WebhookEvent, timeMs: number, data: object): void {
    this.addMessage(type, webhookBody(type, timeMs, data));
    this.noteWritten();
  }

  /** A message whose body is made already. */
  addMessage(type: WebhookEvent, body: string): void {
    this.#messages.add(type, body);
  }

  /** Inside that transaction: whatever happens next, the alarm will drain; mostly the timer is sooner. */
  noteWritten(): void {
    const now = Date.now();
    this.outbox.noteWritten(now);
    this.outbox.schedule(now + DRAIN_DELAY_MS);
  }

  /** All that is there, to every endpoint. */
  async #drainAll(): Promise<void> {
    const before = this.#stuck;
    this.#stuck = new Map();
    try {
      await this.#drainFrom(0, before);
    } catch (error) {
      // Not all endpoints were tried: those that were out of reach before may still be.
      for (const [id, count] of before) this.#keepStuck(id, count);
      throw error;
    } finally {
      this.#dropBeyondBounds();
    }
    if (this.#stuck.size > 0) throw new Error(`${this.#stuck.size} webhook endpoints can't be reached`);
  }

  /** `before`: who was stuck until now, and how many messages each won't get. */
  async #drainFrom(start: number, before: Map<string, number>): Promise<void> {
    let after = start;
    for (;;) {
      this.#gather();
      const messages = this.#messages.listAfter(after, MESSAGES_PER_CALL);
      const last = messages.at(-1);
      if (last === undefined) break;
      const { taken, failed, reached } = await this.#parts.handOver({
        messages,
        stuck: new Set(this.#stuck.keys()),
        dropped: before,
      });
      for (const id of failed) this.#keepStuck(id, before.get(id) ?? 0);
      // These endpoints have just been told how many messages they lost: the next call mustn't tell it again.
      for (const id of reached) if (before.has(id)) before.set(id, 0);
      this.#messages.remove(messages, taken);
      after = last.seq;
      // Rows up to `#handedTo` are kept for endpoints out of reach alone: they needn't be read again for others.
      const areAllStuck = [...before.keys()].every((id) => this.#stuck.has(id));
      if (taken.size === 0 && areAllStuck) after = Math.max(after, this.#handedTo);
      this.#handedTo = Math.max(this.#handedTo, last.seq);
    }
  }

  #keepStuck(webhookId: string, dropped: number): void {
    if (!this.#stuck.has(webhookId)) this.#stuck.set(webhookId, dropped);
  }

  /** The oldest go, slice by slice. They are for endpoints out of reach: others have had them. */
  #dropBeyondBounds(): void {
    let dropped = 0;
    for (;;) {
      const slice = this.#parts.due.transaction(() => this.#messages.dropBeyondBounds());
      if (slice === 0) break;
      dropped += slice;
    }
    if (dropped === 0) return;
    for (const [id, count] of this.#stuck) this.#stuck.set(id, count + dropped);
    console.error({ message: "webhooks were dropped: their endpoints can't be reached", dropped });
  }

  #gather(): boolean {
    return this.#parts.gather?.() ?? false;
  }
}
