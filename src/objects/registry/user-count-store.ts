import type { UserNumbers } from "../../model/user.ts";

/** How many users each of an app's shards has, as the shards say. Writing expects to run in a transaction. */
export class UserCountStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Takes a shard's numbers; returns how many more it has stored. An older version than the known one changes
   * nothing.
   */
  note(shard: number, { active, stored, version }: UserNumbers): number {
    const [known] = this.#sql
      .exec<{ stored: number }>("SELECT stored FROM user_counts WHERE shard = ?", shard)
      .toArray();
    const changed = this.#sql
      .exec(
        `INSERT INTO user_counts (shard, active, stored, version) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET active = excluded.active, stored = excluded.stored, version = excluded.version
         WHERE version < excluded.version RETURNING 1`,
        shard,
        active,
        stored,
        version,
      )
      .toArray();
    return changed.length === 0 ? 0 : stored - (known?.stored ?? 0);
  }

  /** By shard; null where it isn't known: of an app of an earlier version, until the shard was asked. */
  list(shardCount: number): (number | null)[] {
    const isComplete =
      this.#sql.exec<{ counts: number }>("SELECT counts_users AS counts FROM app").one().counts === 1;
    const counts: (number | null)[] = Array.from({ length: shardCount }, () => (isComplete ? 0 : null));
    for (const { shard, active } of this.#sql.exec<{ shard: number; active: number }>(
      "SELECT shard, active FROM user_counts",
    )) {
      counts[shard] = active;
    }
    return counts;
  }
}
