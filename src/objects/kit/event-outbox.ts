import { type OutboxMessage, type WebhookEvent, webhookBody } from "../../model/events.ts";
import { newId } from "../../model/ids.ts";
import { MAX_WEBHOOK_OUTBOX_BYTES, MAX_WEBHOOK_OUTBOX_MESSAGES } from "../../model/limits.ts";
import type { DueTable } from "./due.ts";

/** The duty's kind in the due tables of ledgers and user shards. */
export const WEBHOOKS_DUTY = "webhooks";

/** SQL of the table that {@link WebhookOutbox} kept at first. */
export const WEBHOOK_OUTBOX_SCHEMA =
  "CREATE TABLE webhook_outbox (id TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID";

/** The step to what it keeps: messages that no endpoint has taken yet, and the numbers that were given to any. */
export const WEBHOOK_QUEUE_SCHEMA = [
  "ALTER TABLE webhook_outbox RENAME TO webhook_outbox_before",
  `CREATE TABLE webhook_outbox (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL)`,
  `INSERT INTO webhook_outbox (seq, id, type, body)
   SELECT ROW_NUMBER() OVER (ORDER BY id), id, type, body FROM webhook_outbox_before`,
  "DROP TABLE webhook_outbox_before",
  // At most one row.
  "CREATE TABLE webhook_numbers (reserved INTEGER NOT NULL)",
  `INSERT INTO webhook_numbers (reserved)
   SELECT seq FROM webhook_outbox WHERE seq > 0 ORDER BY seq DESC LIMIT 1`,
];

/** Numbers that are reserved at once: an instance that ends leaves some of them unused, and none is given twice. */
const RESERVED_NUMBERS = 1000;
/** How long a message waits for company, ms: a call to an endpoint's object takes many. */
const DRAIN_DELAY_MS = 500;
/** If the timer died with its instance, the alarm drains after this many ms. */
const SAFETY_MS = 5000;
/** Before the alarm tries again what wasn't taken, ms; twice as long each time, up to five minutes. */
const RETRY_MS = 10_000;
const MAX_RETRY_MS = 5 * 60 * 1000;
/** Messages in one call: of 100 deliveries each they stay well under the 32 MiB that a call takes. */
const MESSAGES_PER_CALL = 100;
/** Messages that go at once where too many bytes are kept. */
const MESSAGES_PER_DROP = 10;

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
  /** Of what is kept for endpoints out of reach. */
  maxBytes?: number;
}

type OutboxRow = { seq: number; id: string; type: WebhookEvent; body: string };

/**
 * Webhooks of an object in which things happen: written in the transaction of what they report, kept until every
 * endpoint that wants them has stored them. An endpoint gets them in their order: one that can't be reached gets none
 * until all that it missed was tried again, by the alarm. So a hand-over that a crash repeats is known by its number.
 * What is kept for endpoints out of reach is bounded: the oldest go, and the endpoint is told how many.
 */
export class WebhookOutbox {
  readonly #parts: OutboxParts;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #draining: Promise<void> | null = null;
  /** Endpoints out of reach, and how many messages were dropped of theirs. */
  #stuck = new Map<string, number>();
  /** Up to here every endpoint that isn't stuck has had its messages. */
  #handedTo = 0;
  /** Up to here `#bytes` counts what stands in the table. */
  #countedTo = 0;
  #bytes = 0;
  #retryMs = RETRY_MS;
  /** The next number; null in an instance that has given none. */
  #next: number | null = null;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Inside the transaction of what it reports. `timeMs`: when it happened, Unix ms. */
  add(type: WebhookEvent, timeMs: number, data: object): void {
    this.addMessage(type, webhookBody(type, timeMs, data));
    this.noteWritten();
  }

  /** A message whose body is made already. */
  addMessage(type: WebhookEvent, body: string): void {
    this.#parts.sql.exec(
      "INSERT INTO webhook_outbox (seq, id, type, body) VALUES (?, ?, ?, ?)",
      this.#takeNumber(),
      newId(),
      type,
      body,
    );
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
    due.set(WEBHOOKS_DUTY, "", Date.now() + this.#retryMs);
    try {
      await this.#drainOnce(true);
      this.#retryMs = RETRY_MS;
    } catch (error) {
      this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
      console.error({ message: "webhooks can't be handed over", error });
    }
    this.#dropBeyondBounds();
  }

  /** Never one that was given before: endpoints know by it what is new. A rollback only leaves a gap. */
  #takeNumber(): number {
    const { sql } = this.#parts;
    const [row] = sql.exec<{ reserved: number }>("SELECT reserved FROM webhook_numbers LIMIT 1").toArray();
    const next = this.#next ?? (row?.reserved ?? 0) + 1;
    if (next > (row?.reserved ?? 0)) {
      const statement =
        row === undefined
          ? "INSERT INTO webhook_numbers (reserved) VALUES (?)"
          : "UPDATE webhook_numbers SET reserved = ?";
      sql.exec(statement, next + RESERVED_NUMBERS - 1);
    }
    this.#next = next + 1;
    return next;
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // Written while a drain runs: that one may have looked already.
      if (this.#draining !== null) this.#schedule();
      // What isn't taken stays; the alarm tries again and logs.
      else this.#drainOnce(false).catch(() => {});
    }, DRAIN_DELAY_MS);
  }

  /** One drain at a time; throws where something stays, for the alarm to repeat. */
  async #drainOnce(isFull: boolean): Promise<void> {
    if (this.#draining !== null) await this.#draining.catch(() => {});
    this.#draining ??= (isFull ? this.#drainAll() : this.#drainNew()).finally(() => {
      this.#draining = null;
    });
    await this.#draining;
  }

  /** What came since the last drain, to the endpoints that had all before. */
  async #drainNew(): Promise<void> {
    await this.#drainFrom(this.#handedTo, new Map());
  }

  /** All that is there, to every endpoint. */
  async #drainAll(): Promise<void> {
    const before = this.#stuck;
    this.#stuck = new Map();
    try {
      await this.#drainFrom(0, before);
    } catch (error) {
      // Cut short: who was behind still is.
      for (const [id, count] of before) this.#keepStuck(id, count);
      throw error;
    }
    if (this.#stuck.size > 0) throw new Error(`${this.#stuck.size} webhook endpoints can't be reached`);
  }

  /** `before`: who was stuck until now, and how many messages each won't get. */
  async #drainFrom(start: number, before: Map<string, number>): Promise<void> {
    let after = start;
    for (;;) {
      this.#gather();
      const messages = this.#list(after);
      const last = messages.at(-1);
      if (last === undefined) break;
      const { taken, failed, reached } = await this.#parts.handOver({
        ...{ messages, stuck: new Set(this.#stuck.keys()), dropped: before },
      });
      for (const id of failed) this.#keepStuck(id, before.get(id) ?? 0);
      // Told once.
      for (const id of reached) if (before.has(id)) before.set(id, 0);
      this.#remove(messages, taken);
      after = last.seq;
      // What lies here is for endpoints that can't be reached yet: the others have had theirs.
      const areAllStuck = [...before.keys()].every((id) => this.#stuck.has(id));
      if (taken.size === 0 && areAllStuck) after = Math.max(after, this.#handedTo);
      this.#handedTo = Math.max(this.#handedTo, last.seq);
    }
  }

  #keepStuck(webhookId: string, dropped: number): void {
    if (!this.#stuck.has(webhookId)) this.#stuck.set(webhookId, dropped);
  }

  #remove(messages: readonly OutboxMessage[], taken: ReadonlySet<number>): void {
    this.#parts.sql.exec(
      "DELETE FROM webhook_outbox WHERE seq IN (SELECT value FROM json_each(?))",
      JSON.stringify([...taken]),
    );
    for (const { seq, body } of messages) if (taken.has(seq)) this.#bytes -= body.length;
  }

  /** The oldest go, slice by slice. They are for endpoints out of reach: others have had them. */
  #dropBeyondBounds(): void {
    const { sql, due, maxBytes = MAX_WEBHOOK_OUTBOX_BYTES } = this.#parts;
    let dropped = 0;
    for (;;) {
      const [oldest, newest] = [this.#findNumber("ASC"), this.#findNumber("DESC")];
      if (oldest === null || newest === null) break;
      const isWithin = this.#bytes <= maxBytes;
      const upTo = isWithin ? newest - MAX_WEBHOOK_OUTBOX_MESSAGES : newest;
      if (oldest > upTo) break;
      const rows = due.transaction(() =>
        sql
          .exec<{ seq: number; size: number }>(
            `DELETE FROM webhook_outbox WHERE seq IN (
               SELECT seq FROM webhook_outbox WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?)
             RETURNING seq, LENGTH(body) AS size`,
            oldest,
            upTo,
            isWithin ? MESSAGES_PER_CALL : MESSAGES_PER_DROP,
          )
          .toArray(),
      );
      dropped += rows.length;
      for (const { seq, size } of rows) if (seq <= this.#countedTo) this.#bytes -= size;
    }
    if (dropped === 0) return;
    for (const [id, count] of this.#stuck) this.#stuck.set(id, count + dropped);
    console.error({ message: "webhooks were dropped: their endpoints can't be reached", dropped });
  }

  #findNumber(order: "ASC" | "DESC"): number | null {
    const [row] = this.#parts.sql
      .exec<{ seq: number }>(`SELECT seq FROM webhook_outbox WHERE seq > 0 ORDER BY seq ${order} LIMIT 1`)
      .toArray();
    return row?.seq ?? null;
  }

  #gather(): boolean {
    return this.#parts.gather?.() ?? false;
  }

  #hasMessages(): boolean {
    return this.#findNumber("ASC") !== null;
  }

  #list(after: number): OutboxRow[] {
    const rows = this.#parts.sql
      .exec<OutboxRow>(
        "SELECT seq, id, type, body FROM webhook_outbox WHERE seq > ? ORDER BY seq LIMIT ?",
        after,
        MESSAGES_PER_CALL,
      )
      .toArray();
    for (const { seq, body } of rows) {
      if (seq <= this.#countedTo) continue;
      this.#bytes += body.length;
      this.#countedTo = seq;
    }
    return rows;
  }
}
