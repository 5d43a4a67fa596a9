/** How many users the shard has, a row, and up to which change of it the registry knows. */
export type UserCounts = { active: number; stored: number; version: number; toldVersion: number };

/** The shard's number of users. Writing methods expect to run inside the transaction that changes the users. */
export class UserCountRow {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  read(): UserCounts {
    return this.#sql
      .exec<UserCounts>("SELECT active, stored, version, told_version AS toldVersion FROM user_count")
      .one();
  }

  /** Changes the counts by so many, which may be negative. */
  add({ active, stored }: { active: number; stored: number }): void {
    this.#sql.exec(
      "UPDATE user_count SET active = active + ?, stored = stored + ?, version = version + 1",
      active,
      stored,
    );
  }

  noteTold(version: number): void {
    this.#sql.exec("UPDATE user_count SET told_version = ? WHERE told_version < ?", version, version);
  }
}
