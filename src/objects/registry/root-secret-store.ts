import { randomToken } from "../../model/credentials.ts";
import { MAX_ROOT_SECRETS } from "../../model/limits.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type { RootSecret } from "../../model/root-secret.ts";
import type { DueTable } from "../kit/due.ts";
import type { SecretBox } from "../kit/secret-box.ts";

export const ROOT_DUTY = "root";

type RootRow = { generation: number; secret: string; endsAt: number | null };

const PURPOSE = "root secret";

/** An app's root secrets, sealed: the one that signs, and those that were replaced and still count. */
export class RootSecretStore {
  readonly #sql: SqlStorage;
  readonly #due: DueTable;
  readonly #box: SecretBox;

  constructor(sql: SqlStorage, due: DueTable, box: SecretBox) {
    this.#sql = sql;
    this.#due = due;
    this.#box = box;
  }

  /** Inside the transaction that makes the app. */
  create(): void {
    this.#sql.exec(
      "INSERT INTO root_secrets (generation, secret, ends_at) VALUES (1, ?, NULL)",
      this.#box.seal(randomToken(), PURPOSE),
    );
  }

  /** The newest first: that is the one that signs. */
  list(now: number): RootSecret[] {
    return this.#sql
      .exec<RootRow>(
        `SELECT generation, secret, ends_at AS endsAt FROM root_secrets WHERE ends_at IS NULL OR ends_at > ?
         ORDER BY generation DESC`,
        now,
      )
      .toArray()
      .map((row) => ({ ...row, secret: this.#box.unseal(row.secret, PURPOSE) }));
  }

  /** Seals what was stored before the deployment had a key. */
  sealAll(): void {
    for (const { generation, secret } of this.#sql
      .exec<{ generation: number; secret: string }>("SELECT generation, secret FROM root_secrets")
      .toArray()) {
      if (!this.#box.isUnsealed(secret)) continue;
      const sealed = this.#box.seal(secret, PURPOSE);
      this.#sql.exec("UPDATE root_secrets SET secret = ? WHERE generation = ?", sealed, generation);
    }
  }

  /**
   * Makes a new one that signs from now on. What the others signed is taken until the grace ends, or their own where
   * that is earlier. Returns the new generation and that end. Inside a transaction.
   */
  rotate(graceMs: number, now: number): Outcome<{ generation: number; previousUntil: number }> {
    const kept = this.list(now);
    if (graceMs > 0 && kept.length >= MAX_ROOT_SECRETS) {
      return refuse(
        "ERR_CONFLICT",
        `The app has ${kept.length} root secrets that still count. Wait until one ends, or rotate without a grace.`,
      );
    }
    const generation = (kept[0]?.generation ?? 0) + 1;
    const previousUntil = now + graceMs;
    this.#sql.exec(
      "UPDATE root_secrets SET ends_at = MIN(COALESCE(ends_at, ?1), ?1) WHERE generation < ?2",
      previousUntil,
      generation,
    );
    this.#sql.exec(
      "INSERT INTO root_secrets (generation, secret, ends_at) VALUES (?, ?, NULL)",
      generation,
      this.#box.seal(randomToken(), PURPOSE),
    );
    this.deleteEnded(now);
    return succeed({ generation, previousUntil });
  }

  /** Removes what counts no more, and sees to the next. */
  deleteEnded(now: number): void {
    this.#sql.exec("DELETE FROM root_secrets WHERE ends_at <= ?", now);
    const ends = this.list(now).flatMap(({ endsAt }) => (endsAt === null ? [] : [endsAt]));
    if (ends.length === 0) this.#due.remove(ROOT_DUTY, "");
    else this.#due.set(ROOT_DUTY, "", Math.min(...ends));
  }
}
