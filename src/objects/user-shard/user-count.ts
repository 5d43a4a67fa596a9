import { NO_APP } from "../../model/missing.ts";
import { type Outcome, refuse } from "../../model/outcome.ts";
import { refuseMore, type Usage } from "../../model/quotas.ts";
import type { UserNumbers } from "../../model/user.ts";
import type { DueTable } from "../kit/due.ts";
import { eachRow, Outbox } from "../kit/outbox.ts";
import type { UserCountRow, UserCounts } from "./user-count-row.ts";

/** Free places of an app's quota of users from which on its shards needn't ask for each user, for so many ms. */
const USER_ROOM_SURE = 10_000;
const USER_ROOM_MS = 60_000;

/** If telling fails or dies, the alarm tells after this many ms. */
const SAFETY_MS = 5000;
const LIMITS = {
  safetyMs: SAFETY_MS,
  pauseMs: SAFETY_MS,
  pauses: { firstMs: SAFETY_MS, longestMs: 60_000 },
};

interface UserCountParts {
  row: UserCountRow;
  due: DueTable;
  /**
   * Resolves when the registry has it, with what the app has and may have; null: there is no app. An older version than
   * it knows changes nothing.
   */
  tell: (numbers: UserNumbers) => Promise<Usage | null>;
}

/** What the registry said of the app's users. `stored`: how many this shard had when it asked. */
export interface UserRoom {
  app: Usage | null;
  stored: number;
  /** Unix ms. */
  at: number;
}

/**
 * How many users the shard has: told to the registry, so that no list need ask every shard, and for the app's quota.
 */
export class UserCount {
  readonly outbox: Outbox;
  readonly #parts: UserCountParts;
  #room: UserRoom | null = null;

  constructor(parts: UserCountParts) {
    this.#parts = parts;
    const rows = {
      list: () => [this.#parts.row.read()].filter(({ version, toldVersion }) => version > toldVersion),
      tell: async (count: UserCounts) => {
        await this.#tellRegistry(count);
      },
      remove: ({ version }: UserCounts) => this.#parts.row.noteTold(version),
    };
    this.outbox = new Outbox("user_count", parts.due, LIMITS, eachRow(rows, 1));
  }

  get active(): number {
    return this.#parts.row.read().active;
  }

  /** Inside the transaction that changes the count: whatever happens next, the alarm tells it. */
  noteChange(now: number): void {
    const { version, toldVersion } = this.#parts.row.read();
    if (version > toldVersion) this.outbox.noteWritten(now);
  }

  /** Resolves when the registry knows the count of now. Several changes at once are told in one call. */
  async tell(): Promise<void> {
    await this.outbox.tell();
  }

  /**
   * For {@link refuse}, before a user is created. Where the app has much room, what was said a moment ago is enough,
   * else the registry is asked.
   */
  async readRoom(now: number): Promise<UserRoom> {
    const known = this.#room;
    const left = known?.app == null ? 0 : known.app.limit - known.app.used;
    if (known !== null && left > USER_ROOM_SURE && now - known.at < USER_ROOM_MS) return known;
    const count = this.#parts.row.read();
    const room = await this.#tellRegistry(count);
    this.#parts.row.noteTold(count.version);
    return room;
  }

  /** In the transaction that would create another user: null where the app may have it. */
  refuse(room: UserRoom | null): Outcome<never> | null {
    if (room === null) return null;
    const { app, stored } = room;
    if (app === null) return NO_APP;
    const used = app.used + this.#parts.row.read().stored - stored;
    return used < app.limit ? null : refuseMore("users", { used, limit: app.limit });
  }

  async #tellRegistry({ active, stored, version }: UserCounts): Promise<UserRoom> {
    const app = await this.#parts.tell({ active, stored, version });
    this.#room = { app, stored, at: Date.now() };
    return this.#room;
  }
}
