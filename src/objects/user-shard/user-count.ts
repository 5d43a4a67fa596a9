import { USER_ROOM_MS, USER_ROOM_SURE } from "../../model/limits.ts";
import { type Outcome, refuse } from "../../model/outcome.ts";
import { refuseMore, type Usage } from "../../model/quotas.ts";
import type { UserNumbers } from "../../model/user.ts";
import type { DueTable } from "../kit/due.ts";

/** The duty's kind in the shard's due table. */
export const USER_COUNT_DUTY = "user_count";

/** If telling fails or dies, the alarm tells after this many ms. */
const SAFETY_MS = 5000;

interface UserCountParts {
  sql: SqlStorage;
  due: DueTable;
  /**
   * Resolves when the registry has it, with what the app has and may have; null: there is no app. An older version than
   * it knows changes nothing.
   */
  tell: (numbers: UserNumbers) => Promise<Usage | null>;
}

type CountRow = { active: number; stored: number; version: number; toldVersion: number };

/** What the registry said of the app's users. `stored`: how many this shard had when it asked. */
export interface UserRoom {
  app: Usage | null;
  stored: number;
  /** Unix ms. */
  at: number;
}

/** How many users the shard has: told to the registry, so that no list need ask every shard, and for the app's quota. */
export class UserCount {
  readonly #parts: UserCountParts;
  #telling: Promise<void> | null = null;
  #room: UserRoom | null = null;

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
    const { version, toldVersion } = this.#read();
    if (version === toldVersion) return;
    this.#telling = this.#tellNow()
      .then(() => {})
      .finally(() => {
        this.#telling = null;
      });
    await this.#telling;
  }

  /**
   * For {@link refuse}, before a user is created. Where the app has much room, what was said a moment ago is enough,
   * else the registry is asked.
   */
  async readRoom(now: number): Promise<UserRoom> {
    const known = this.#room;
    const left = known?.app == null ? 0 : known.app.limit - known.app.used;
    if (known !== null && left > USER_ROOM_SURE && now - known.at < USER_ROOM_MS) return known;
    return this.#tellNow();
  }

  /** In the transaction that would create another user: null where the app may have it. */
  refuse(room: UserRoom | null): Outcome<never> | null {
    if (room === null) return null;
    const { app, stored } = room;
    if (app === null) return refuse("ERR_NOT_FOUND", "There is no such app.");
    const used = app.used + this.#read().stored - stored;
    return used < app.limit ? null : refuseMore("users", { used, limit: app.limit });
  }

  /** The alarm's turn. */
  async serve(now: number): Promise<void> {
    this.#parts.due.set(USER_COUNT_DUTY, "", now + SAFETY_MS);
    await this.tell();
    const { version, toldVersion } = this.#read();
    if (version === toldVersion) this.#parts.due.remove(USER_COUNT_DUTY, "");
  }

  async #tellNow(): Promise<UserRoom> {
    const { active, stored, version } = this.#read();
    const app = await this.#parts.tell({ active, stored, version });
    this.#parts.sql.exec("UPDATE user_count SET told_version = ? WHERE told_version < ?", version, version);
    this.#room = { app, stored, at: Date.now() };
    return this.#room;
  }

  #read(): CountRow {
    return this.#parts.sql
      .exec<CountRow>("SELECT active, stored, version, told_version AS toldVersion FROM user_count")
      .one();
  }
}
