import type { LedgerPlan } from "../../model/notification.ts";
import type { LedgerRetries } from "./retries.ts";

/** What notifications will do, as it is needed beyond their call. Writing methods expect to run in a transaction. */
export class PlanStore {
  readonly #sql: SqlStorage;
  readonly #retries: LedgerRetries;

  constructor(sql: SqlStorage, retries: LedgerRetries) {
    this.#sql = sql;
    this.#retries = retries;
  }

  /** Stores a plan; where the notification has one already, that one stays. */
  keep(plan: LedgerPlan): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO plans (notification_id, plan) VALUES (?, ?)",
      plan.header.id,
      JSON.stringify(plan),
    );
  }

  /** The plan with its newest retry. */
  get(id: string): LedgerPlan | null {
    const [row] = this.#sql
      .exec<{ plan: string }>("SELECT plan FROM plans WHERE notification_id = ?", id)
      .toArray();
    if (row === undefined) return null;
    const retry = this.#retries.newest(id);
    return { ...readPlan(row.plan), ...(retry === null ? {} : { retry }) };
  }

  /** Ids of up to `limit` batches, whose audiences end with the ledger. */
  listIds(limit: number): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT notification_id AS id FROM plans LIMIT ? + 0", limit)
      .toArray()
      .map(({ id }) => id);
  }

  delete(ids: readonly string[]): void {
    this.#sql.exec(
      "DELETE FROM plans WHERE notification_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
  }

  /** The user was deleted: their values go from these plans, and their place stays. */
  forgetUser(userId: string, ids: readonly string[]): void {
    this.#sql.exec(
      `UPDATE plans SET plan = json_set(plan, '$.source.rows', (
         SELECT json_group_array(json(iif(value ->> 0 = ?1, json_array(?1), value)))
         FROM json_each(plan, '$.source.rows')))
       WHERE notification_id IN (SELECT value FROM json_each(?2)) AND plan ->> '$.source.kind' = 'inline'`,
      userId,
      JSON.stringify(ids),
    );
  }

  /** Takes from the plans of retried sends to one what their header has too, and what was pushed beside the content. */
  blankLabels(ids: readonly string[]): void {
    this.#sql.exec(
      `UPDATE plans SET plan = json_replace(plan, '$.header.title', NULL, '$.header.tag', NULL,
         '$.pushData', json('{}'), '$.details.pushData', json('{}'))
       WHERE notification_id IN (SELECT value FROM json_each(?)) AND plan ->> '$.source.kind' = 'inline'
         AND plan ->> '$.header.total' = 1`,
      JSON.stringify(ids),
    );
  }

  /** No retry needs the raw values of these realtime sends' targets any more. */
  dropValues(ids: readonly string[]): void {
    this.#sql.exec(
      `UPDATE plans SET plan = json_set(plan, '$.source.rows', (
         SELECT json_group_array(json(json_array(value ->> 0))) FROM json_each(plan, '$.source.rows')))
       WHERE notification_id IN (SELECT value FROM json_each(?)) AND plan ->> '$.source.kind' = 'inline'`,
      JSON.stringify(ids),
    );
  }

  /** The time for retries is over: drops a slice's values. Returns how far it came; null at the end. */
  dropEndedValues(afterId: string, limit: number): string | null {
    const ids = this.#sql
      .exec<{ id: string }>(
        "SELECT notification_id AS id FROM plans WHERE notification_id > ? ORDER BY notification_id LIMIT ? + 0",
        afterId,
        limit,
      )
      .toArray()
      .map(({ id }) => id);
    this.dropValues(ids);
    return ids.length < limit ? null : (ids.at(-1) ?? null);
  }
}

/** A plan that was written before its details had a place of their own holds them itself. */
function readPlan(json: string): LedgerPlan {
  const { template, pushData, ...plan } = JSON.parse(json);
  if (template === undefined) return plan;
  return { ...plan, details: { template, pushData, columns: plan.source.columns ?? [] } };
}
