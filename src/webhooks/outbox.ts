import { newId } from "../ids.ts";
import type { DueTable } from "../objects/due.ts";
import { type WebhookEvent, type WebhookMessage, webhookBody } from "./events.ts";

/** The duty's kind in the due tables of ledgers and user shards. */
export const WEBHOOKS_DUTY = "webhooks";

/** SQL of the table that {@link WebhookOutbox} keeps: messages that no endpoint has taken yet. */
export const WEBHOOK_OUTBOX_SCHEMA =
  "CREATE TABLE webhook_outbox (id TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID";

/** How long a message waits for company, ms: a call to an endpoint's object takes many. */
const DRAIN_DELAY_MS = 500;
/** If the timer died with its instance, the alarm drains after this many ms. */
const SAFETY_MS = 5000;
/** Before the alarm tries again what wasn't taken, ms. */
const RETRY_MS = 10_000;
/** Messages in one call: of 100 deliveries each they stay well under the 32 MiB that a call takes. */
const MESSAGES_PER_CALL = 100;

/** Hands messages to the endpoints that want them; returns the ids of those that every one of them has taken. */
export type HandOver = (messages: readonly WebhookMessage[]) => Promise<ReadonlySet<string>>;

interface OutboxParts {
  sql: SqlStorage;
  due: DueTable;
  handOver: HandOver;
  /** Makes messages of what was gathered, in a transaction; false where there is nothing left to make one of. */
  gather?: () => boolean;
}

/**
 * Webhooks of an object in which things happen: written in the transaction of what they report, kept until every
 * endpoint that wants them has stored them. A crash repeats a hand-over, which endpoints ignore by the message's id.
 */
export class WebhookOutbox {
  readonly #parts: OutboxParts;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #draining: Promise<void> | null = null;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Inside the transaction of what it reports. `timeMs`: when it happened, Unix ms. */
  add(type: WebhookEvent, timeMs: number, data: object): void {
    this.#parts.sql.exec(
      "INSERT INTO webhook_outbox (id, type, body) VALUES (?, ?, ?)",
      newId(),
      type,
      webhookBody(type, timeMs, data),
    );
    this.noteWritten();
  }

  /** Inside that transaction: whatever happens next, the alarm will drain; mostly the timer is sooner. */
  noteWritten(): void {
    this.#parts.due.ensure(WEBHOOKS_DUTY, "", Date.now() + SAFETY_MS);
    this.#schedule();
  }

  /** The alarm's turn. Never throws: the object's other duties are no business of an endpoint. */
  async serve(): Promise<void> {
    const { due } = this.#parts;
    if (!this.#hasMessages() && !this.#gather()) {
      due.remove(WEBHOOKS_DUTY, "");
      return;
    }
    // Before the attempt: should it die, the next one is already due.
    due.set(WEBHOOKS_DUTY, "", Date.now() + RETRY_MS);
    await this.drain().catch((error: unknown) => {
      console.error({ message: "webhooks can't be handed over", error });
    });
  }

  /** Hands over all that is there. One drain at a time; throws where something stays, for the alarm to repeat. */
  async drain(): Promise<void> {
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = null;
    });
    await this.#draining;
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // Written while a drain runs: that one may have looked already.
      if (this.#draining !== null) this.#schedule();
      // What isn't taken stays; the alarm tries again and logs.
      else this.drain().catch(() => {});
    }, DRAIN_DELAY_MS);
  }

  async #drainAll(): Promise<void> {
    let afterId = "";
    let left = 0;
    for (;;) {
      this.#gather();
      const messages = this.#list(afterId);
      const last = messages.at(-1);
      if (last === undefined) break;
      // One endpoint that can't be reached doesn't hold up the messages behind its own.
      afterId = last.id;
      const taken = await this.#parts.handOver(messages);
      left += messages.length - taken.size;
      this.#parts.sql.exec(
        "DELETE FROM webhook_outbox WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify([...taken]),
      );
    }
    if (left > 0) throw new Error(`${left} webhooks weren't taken by all of their endpoints`);
  }

  #gather(): boolean {
    return this.#parts.gather?.() ?? false;
  }

  #hasMessages(): boolean {
    return this.#parts.sql.exec("SELECT 1 FROM webhook_outbox LIMIT 1").toArray().length > 0;
  }

  #list(afterId: string): WebhookMessage[] {
    return this.#parts.sql
      .exec<{ id: string; type: WebhookEvent; body: string }>(
        "SELECT id, type, body FROM webhook_outbox WHERE id > ? ORDER BY id LIMIT ?",
        afterId,
        MESSAGES_PER_CALL,
      )
      .toArray();
  }
}
