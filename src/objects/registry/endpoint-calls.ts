import type { EndpointConfig } from "../../model/webhook.ts";
import type { DueTable } from "../kit/due.ts";

/** The duty's kind in the registry's due table. */
export const ENDPOINTS_DUTY = "webhooks";
/** If the call that follows a change is cut off or fails, the alarm makes it after this many ms. */
const RETRY_MS = 5000;

interface CallsParts {
  sql: SqlStorage;
  due: DueTable;
  /** What an endpoint's object is to be told; null where the endpoint is deleted. */
  getConfig: (webhookId: string) => EndpointConfig | null;
  tell: (webhookId: string, config: EndpointConfig | null) => Promise<void>;
}

/** Tells the endpoints' objects what has changed: written with the change, told after it, repeated by the alarm. */
export class EndpointCalls {
  readonly #parts: CallsParts;

  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /** Inside the transaction of the change. */
  note(webhookId: string): void {
    this.#parts.sql.exec(
      `INSERT INTO webhook_calls (webhook_id, revision) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET revision = revision + 1`,
      webhookId,
    );
    this.#parts.due.ensure(ENDPOINTS_DUTY, "", Date.now() + RETRY_MS);
  }

  /** Tells what is to be told; the alarm repeats what fails. Never throws. */
  async drain(): Promise<void> {
    const { sql, due } = this.#parts;
    const calls = sql
      .exec<{ id: string; revision: number }>("SELECT webhook_id AS id, revision FROM webhook_calls")
      .toArray();
    await Promise.all(calls.map(({ id, revision }) => this.#tell(id, revision)));
    due.transaction(() => {
      const left = sql.exec("SELECT 1 FROM webhook_calls LIMIT 1").toArray().length > 0;
      if (left) due.set(ENDPOINTS_DUTY, "", Date.now() + RETRY_MS);
      else due.remove(ENDPOINTS_DUTY, "");
    });
  }

  async #tell(id: string, revision: number): Promise<void> {
    const { sql, getConfig, tell } = this.#parts;
    try {
      await tell(id, getConfig(id));
    } catch (error) {
      console.error({ message: "a webhook endpoint wasn't told of a change", webhookId: id, error });
      return;
    }
    // A change that came in meanwhile is still to be told.
    sql.exec("DELETE FROM webhook_calls WHERE webhook_id = ? AND revision = ?", id, revision);
  }
}
