/** Codes that sign the operator in once, by their hash: a row until it is used, or another is made after its end. */
export const SIGN_IN_CODES_SCHEMA = [
  "CREATE TABLE sign_in_codes (sha256 TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID",
];

export class SignInCodeStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** False where there are `most` already that haven't ended. In a transaction. */
  add(sha256: string, expiresAt: number, now: number, most: number): boolean {
    this.#sql.exec("DELETE FROM sign_in_codes WHERE expires_at <= ?", now);
    const { count } = this.#sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM sign_in_codes").one();
    if (count >= most) return false;
    this.#sql.exec("INSERT INTO sign_in_codes (sha256, expires_at) VALUES (?, ?)", sha256, expiresAt);
    return true;
  }

  /** True where there was such a code that hadn't ended: it is gone. */
  take(sha256: string, now: number): boolean {
    const [taken] = this.#sql
      .exec<{ expires_at: number }>("DELETE FROM sign_in_codes WHERE sha256 = ? RETURNING expires_at", sha256)
      .toArray();
    return taken !== undefined && taken.expires_at > now;
  }
}
