import { parseNotificationId } from "../../model/ids.ts";
import type { Incidents } from "../../model/incidents.ts";
import type { SingleStore } from "./single-store.ts";

/** What a day's notifications needed help with: chunks that were sent again, messages that nobody could serve. */
export type IncidentKind = "redriven_chunks" | "dead_letters";

/** Uncompleted notifications whose shards are asked how their providers do. */
const SHARDS_OF = 100;

/** A ledger as its operator sees it. Writing methods expect to run in a transaction. */
export class IncidentStore {
  readonly #sql: SqlStorage;
  readonly #singles: SingleStore;

  constructor(sql: SqlStorage, singles: SingleStore) {
    this.#sql = sql;
    this.#singles = singles;
  }

  add(kind: IncidentKind, count: number): void {
    this.#sql.exec(
      "INSERT INTO incidents (kind, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
      kind,
      count,
    );
  }

  readStatus(): Incidents {
    const open = this.#sql
      .exec<{ count: number; oldest: string | null }>(
        "SELECT COUNT(*) AS count, MIN(id) AS oldest FROM notifications WHERE completed_at IS NULL",
      )
      .one();
    const shards = this.#sql
      .exec<{ shard: number }>(
        `SELECT DISTINCT shard FROM shard_reports WHERE accepted > 0
           AND notification_id IN (SELECT id FROM notifications WHERE completed_at IS NULL LIMIT 100)`,
      )
      .toArray();
    const incidents = new Map(
      this.#sql
        .exec<{ kind: string; count: number }>("SELECT kind, count FROM incidents")
        .toArray()
        .map(({ kind, count }) => [kind, count]),
    );
    const singles = this.#singles.readOpen(SHARDS_OF);
    const shardsOfSingles = singles.first.map((id) => parseNotificationId(id)?.shard ?? 0);
    return {
      uncompleted: open.count + singles.count,
      oldestUncompleted: [open.oldest, singles.first[0]].filter((id) => !!id).sort()[0] ?? null,
      shards: [...new Set([...shards.map(({ shard }) => shard), ...shardsOfSingles])],
      redrivenChunks: incidents.get("redriven_chunks") ?? 0,
      deadLetters: incidents.get("dead_letters") ?? 0,
    };
  }
}
