/** A user as every API shows it. Times in Unix ms; `status` is online while a feed socket is open. */
export interface User {
  uid: string;
  name: string;
  avatar: string | null;
  role: string;
  metadata: Record<string, unknown> | null;
  status: "online" | "offline";
  createdAt: number;
  updatedAt: number;
}

export interface UserFields {
  name?: string | undefined;
  avatar?: string | null | undefined;
  role?: string | undefined;
  metadata?: Record<string, unknown> | null | undefined;
}

export interface UserFilter {
  /** Beginning of a uid or of a name. */
  searchKey: string | null;
  role: string | null;
  status: "online" | "offline" | null;
  /** Unix ms, both inclusive. */
  createdFrom: number | null;
  createdTo: number | null;
  /** Only uids after this one. */
  afterUid: string | null;
  limit: number;
}

type UserRow = {
  uid: string;
  name: string;
  avatar: string | null;
  role: string;
  metadata: string | null;
  created_at: number;
  updated_at: number;
};

const COLUMNS = "uid, name, avatar, role, metadata, created_at, updated_at";

/** Who has a feed socket open. To list them walks all sockets. */
export interface Presence {
  isOnline(userId: string): boolean;
  listOnline(): Set<string>;
}

/** The users of one shard. */
export class UserStore {
  readonly #sql: SqlStorage;
  readonly #presence: Presence;

  constructor(sql: SqlStorage, presence: Presence) {
    this.#sql = sql;
    this.#presence = presence;
  }

  get(uid: string): User | null {
    const [row] = this.#sql.exec<UserRow>(`SELECT ${COLUMNS} FROM users WHERE uid = ?`, uid).toArray();
    return row === undefined ? null : this.#present(row);
  }

  /** Null where the uid is taken. */
  create(uid: string, fields: UserFields, now: number): User | null {
    const created = this.#sql
      .exec(
        `INSERT INTO users (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
        uid,
        fields.name ?? uid,
        fields.avatar ?? null,
        fields.role ?? "default",
        fields.metadata ? JSON.stringify(fields.metadata) : null,
        now,
        now,
      )
      .toArray();
    return created.length === 0 ? null : this.get(uid);
  }

  /** Changes the given fields only. Null where there is no such user. */
  update(uid: string, fields: UserFields, now: number): User | null {
    const user = this.get(uid);
    if (user === null) return null;
    const metadata = fields.metadata === undefined ? user.metadata : fields.metadata;
    this.#sql.exec(
      "UPDATE users SET name = ?, avatar = ?, role = ?, metadata = ?, updated_at = ? WHERE uid = ?",
      fields.name ?? user.name,
      fields.avatar === undefined ? user.avatar : fields.avatar,
      fields.role ?? user.role,
      metadata === null ? null : JSON.stringify(metadata),
      now,
      uid,
    );
    return this.get(uid);
  }

  /** Removes the record; false where there was none. */
  remove(uid: string): boolean {
    return this.#sql.exec("DELETE FROM users WHERE uid = ? RETURNING 1", uid).toArray().length > 0;
  }

  /** False for a token that was issued before its user was deleted. */
  acceptsToken(uid: string, issuedAt: number): boolean {
    const deletedAt = this.getDeletedAt(uid);
    return deletedAt === null || issuedAt > deletedAt;
  }

  /** When a user of this uid was deleted last, Unix ms. */
  getDeletedAt(uid: string): number | null {
    const [row] = this.#sql
      .exec<{ deleted_at: number }>("SELECT deleted_at FROM deleted_users WHERE uid = ?", uid)
      .toArray();
    return row?.deleted_at ?? null;
  }

  /** One page, ordered by uid. */
  list(filter: UserFilter): User[] {
    const conditions = ["uid > ?"];
    const values: (string | number)[] = [filter.afterUid ?? ""];
    const add = (condition: string, ...bound: (string | number)[]): void => {
      conditions.push(condition);
      values.push(...bound);
    };
    if (filter.searchKey !== null) {
      // A range, not LIKE: LIKE patterns fail above 50 bytes.
      const end = `${filter.searchKey}\u{10ffff}`;
      add(
        "((uid >= ? AND uid < ?) OR (name COLLATE NOCASE >= ? AND name COLLATE NOCASE < ?))",
        filter.searchKey,
        end,
        filter.searchKey,
        end,
      );
    }
    if (filter.role !== null) add("role = ?", filter.role);
    if (filter.createdFrom !== null) add("created_at >= ?", filter.createdFrom);
    if (filter.createdTo !== null) add("created_at <= ?", filter.createdTo);
    if (filter.status !== null) {
      const not = filter.status === "online" ? "" : "NOT ";
      add(`uid ${not}IN (SELECT value FROM json_each(?))`, JSON.stringify([...this.#presence.listOnline()]));
    }
    return this.#sql
      .exec<UserRow>(
        `SELECT ${COLUMNS} FROM users WHERE ${conditions.join(" AND ")} ORDER BY uid LIMIT ?`,
        ...values,
        filter.limit,
      )
      .toArray()
      .map((row) => this.#present(row));
  }

  #present(row: UserRow): User {
    return {
      uid: row.uid,
      name: row.name,
      avatar: row.avatar,
      role: row.role,
      metadata: row.metadata === null ? null : JSON.parse(row.metadata),
      status: this.#presence.isOnline(row.uid) ? "online" : "offline",
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }
}
