/** How many active users each of an app's shards has, as the shards say. Writing expects to run in a transaction. */
export class UserCountStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Takes a shard's count; an older version than the known one changes nothing. */
  note(shard: number, active: number, version: number): void {
    this.#sql.exec(
      `INSERT INTO user_counts (shard, active, version) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET active = excluded.active, version = excluded.version
       WHERE version < excluded.version`,
      shard,
      active,
      version,
    );
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
