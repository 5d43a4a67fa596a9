import type { DueTable } from "../objects/due.ts";

/** The duty's kind in the shard's due table. */
export const USER_COUNT_DUTY = "user_count";

/** If telling fails or dies, the alarm tells after this many ms. */
const SAFETY_MS = 5000;

interface UserCountParts {
  sql: SqlStorage;
  due: DueTable;
  /** Resolves when the registry has it. An older version than it knows changes nothing. */
  tell: (active: number, version: number) => Promise<void>;
}

type CountRow = { active: number; version: number; toldVersion: number };

/** How many active users the shard has: told to the registry, so that no list need ask every shard. */
export class UserCount {
  readonly #parts: UserCountParts;
  #telling: Promise<void> | null = null;

  constructor(parts: UserCountParts) {
    this.#parts = parts;
  }

  get active(): number {
    return this.#read().active;
  }

  /** Inside the transaction that changes the count: whatever happens next, the alarm tells it. */
  noteChange(now: number): void {
    const { version, toldVersion } = this.#read();
    if (version > toldVersion) this.#parts.due.ensure(USER_COUNT_DUTY, "", now + SAFETY_MS);
  }

  /** Resolves when the registry knows the count of now. Several changes at once are told in one call. */
  async tell(): Promise<void> {
    while (this.#telling !== null) await this.#telling.catch(() => {});
    const { active, version, toldVersion } = this.#read();
    if (version === toldVersion) return;
    this.#telling = this.#parts.tell(active, version).finally(() => {
      this.#telling = null;
    });
    await this.#telling;
    this.#parts.sql.exec("UPDATE user_count SET told_version = ? WHERE told_version < ?", version, version);
  }

  /** The alarm's turn. */
  async serve(now: number): Promise<void> {
    this.#parts.due.set(USER_COUNT_DUTY, "", now + SAFETY_MS);
    await this.tell();
    const { version, toldVersion } = this.#read();
    if (version === toldVersion) this.#parts.due.remove(USER_COUNT_DUTY, "");
  }

  #read(): CountRow {
    return this.#parts.sql
      .exec<CountRow>("SELECT active, version, told_version AS toldVersion FROM user_count")
      .one();
  }
}
