/** SQL of what {@link Looks} keeps. */
export const LOOKS_SCHEMA = [
  "CREATE TABLE looks (user_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE INDEX looks_by_seq ON looks (seq)",
] as const;

/** SQL of what a look may leave for the next one. */
export const LOOKS_REST_SCHEMA = [
  "ALTER TABLE looks ADD COLUMN rest_after INTEGER",
  "ALTER TABLE looks ADD COLUMN rest_before TEXT",
] as const;

/** Looks that are remembered beside the table. */
const MAX_REMEMBERED = 10_000;
/** Looks that one statement removes. */
const ROWS_PER_TURN = 5000;

/** How far a user has looked. */
export interface Look {
  /** The newest segment that this user's look has come to; 0: there was no look yet. */
  seq: number;
  /** Where a look stopped within its bounds: what the next one goes on with. */
  rest: LookRest | null;
}

/** Segments after `after` are left, as far as their notifications are before this one. */
interface LookRest {
  after: number;
  beforeId: string;
}

const NEVER: Look = { seq: 0, rest: null };

type LookRow = { seq: number; rest_after: number | null; rest_before: string | null };

/** Up to which segment each user has looked. Every method expects to run inside a transaction. */
export class Looks {
  readonly #sql: SqlStorage;
  readonly #remembered = new Map<string, Look>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A transaction was undone: the table is believed, not what is remembered. */
  forget(): void {
    this.#remembered.clear();
  }

  /** How far it is without asking the table. */
  getRemembered(userId: string): Look {
    return this.#remembered.get(userId) ?? NEVER;
  }

  get(userId: string): Look {
    const remembered = this.getRemembered(userId);
    const [row] = this.#sql
      .exec<LookRow>("SELECT seq, rest_after, rest_before FROM looks WHERE user_id = ?", userId)
      .toArray();
    const look = row === undefined || remembered.seq >= row.seq ? remembered : toLook(row);
    this.#remember(userId, look);
    return look;
  }

  /** Remembers it; `isWorthARow`: for longer than this instance lives. */
  set(userId: string, look: Look, isWorthARow: boolean): void {
    if (isWorthARow) {
      this.#sql.exec(
        `INSERT INTO looks (user_id, seq, rest_after, rest_before) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET seq = excluded.seq, rest_after = excluded.rest_after,
           rest_before = excluded.rest_before`,
        userId,
        look.seq,
        look.rest?.after ?? null,
        look.rest?.beforeId ?? null,
      );
    }
    this.#remember(userId, look);
  }

  remove(userId: string): void {
    this.#remembered.delete(userId);
    this.#sql.exec("DELETE FROM looks WHERE user_id = ?", userId);
  }

  /** Removes those that are older than every segment (`oldest` null: there is none); false where some may be left. */
  deleteBefore(oldest: number | null): boolean {
    const deleted = this.#sql
      .exec(
        `DELETE FROM looks WHERE user_id IN (SELECT user_id FROM looks WHERE seq < ? LIMIT ${ROWS_PER_TURN})
         RETURNING 1`,
        oldest ?? Number.MAX_SAFE_INTEGER,
      )
      .toArray().length;
    return deleted < ROWS_PER_TURN;
  }

  #remember(userId: string, look: Look): void {
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(userId, look);
  }
}

function toLook({ seq, rest_after: after, rest_before: beforeId }: LookRow): Look {
  return { seq, rest: after === null || beforeId === null ? null : { after, beforeId } };
}
