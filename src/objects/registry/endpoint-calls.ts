import { MAX_WEBHOOKS } from "../../model/limits.ts";
import type { EndpointConfig } from "../../model/webhook.ts";
import type { DueTable } from "../kit/due.ts";
import { eachRow, Outbox } from "../kit/outbox.ts";

/** If the call that follows a change is cut off or fails, the alarm makes it after this many ms. */
const RETRY_MS = 5000;
const LIMITS = {
  safetyMs: RETRY_MS,
  pauseMs: RETRY_MS,
  pauses: { firstMs: RETRY_MS, longestMs: RETRY_MS },
};

interface CallsParts {
  sql: SqlStorage;
  due: DueTable;
  /** What an endpoint's object is to be told; null where the endpoint is deleted. */
  getConfig: (webhookId: string) => EndpointConfig | null;
  tell: (webhookId: string, config: EndpointConfig | null) => Promise<void>;
}

type CallRow = { id: string; revision: number };

/** Tells the endpoints' objects what has changed. */
export class EndpointCalls {
  readonly outbox: Outbox;
  readonly #sql: SqlStorage;

  constructor({ sql, due, getConfig, tell }: CallsParts) {
    this.#sql = sql;
    const rows = {
      list: (_: number, limit: number) =>
        sql
          .exec<CallRow>("SELECT webhook_id AS id, revision FROM webhook_calls LIMIT ? + 0", limit)
          .toArray(),
      tell: ({ id }: CallRow) => tell(id, getConfig(id)),
      remove: ({ id, revision }: CallRow) => {
        // A change that came in meanwhile is still to be told.
        sql.exec("DELETE FROM webhook_calls WHERE webhook_id = ? AND revision = ?", id, revision);
      },
    };
    // A row each, so that an endpoint out of reach keeps its place from no other.
    this.outbox = new Outbox("webhooks", due, LIMITS, eachRow(rows, 10 * MAX_WEBHOOKS));
  }

  /** Inside the transaction of the change. */
  note(webhookId: string): void {
    this.#sql.exec(
      `INSERT INTO webhook_calls (webhook_id, revision) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET revision = revision + 1`,
      webhookId,
    );
    this.outbox.noteWritten(Date.now());
  }

  /** Tells what is to be told; the alarm repeats what fails. Never throws. */
  drain(): Promise<void> {
    return this.outbox.tellIfPossible();
  }
}
