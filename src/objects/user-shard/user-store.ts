import type { User, UserFields, UserFilter, UserPart, UserSlice } from "../../model/user.ts";
import type { UserCountRow } from "./user-count-row.ts";
import { UserSearch } from "./user-search.ts";

type UserRow = {
  uid: string;
  name: string;
  avatar: string | null;
  link: string | null;
  role: string;
  status_message: string | null;
  phone_number: string | null;
  metadata: string | null;
  tags: string | null;
  created_at: number;
  updated_at: number;
  deactivated_at: number | null;
  last_seen_at: number | null;
};

const COLUMNS = `uid, name, avatar, link, role, status_message, phone_number, metadata, tags, created_at,
  updated_at, deactivated_at, last_seen_at`;

/** Who has a feed socket open. To list them walks all sockets. */
export interface Presence {
  isOnline(userId: string): boolean;
  listOnline(): Set<string>;
}

/** The users of one shard, and how many they are. Writing methods expect to run inside a transaction. */
export class UserStore {
  readonly #sql: SqlStorage;
  readonly #counts: UserCountRow;
  readonly #presence: Presence;

  constructor(sql: SqlStorage, presence: Presence, counts: UserCountRow) {
    this.#counts = counts;
    this.#sql = sql;
    this.#presence = presence;
  }

  get(uid: string): User | null {
    const [row] = this.#sql.exec<UserRow>(`SELECT ${COLUMNS} FROM users WHERE uid = ?`, uid).toArray();
    return row === undefined ? null : this.#present(row);
  }

  has(uid: string): boolean {
    return this.#sql.exec("SELECT 1 FROM users WHERE uid = ?", uid).toArray().length > 0;
  }

  /** Null where the uid is taken. */
  create(uid: string, fields: UserFields, now: number): User | null {
    const created = this.#sql
      .exec(
        `INSERT INTO users (${COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, NULL, NULL)
         ON CONFLICT DO NOTHING RETURNING 1`,
        uid,
        fields.name ?? uid,
        fields.avatar ?? null,
        fields.link ?? null,
        fields.role ?? "default",
        fields.statusMessage ?? null,
        fields.phoneNumber ?? null,
        fields.metadata ?? null,
        toJson(toTags(fields.tags ?? [])),
        now,
      )
      .toArray();
    if (created.length === 0) return null;
    this.#setTags(uid, [], fields.tags ?? []);
    this.#counts.add({ active: 1, stored: 1 });
    return this.get(uid);
  }

  /** Changes the given fields only. Null where there is no such user. */
  update(uid: string, fields: UserFields, now: number): User | null {
    const user = this.get(uid);
    if (user === null) return null;
    const changed = { ...user, ...definedOf(fields) };
    this.#sql.exec(
      `UPDATE users SET name = ?, avatar = ?, link = ?, role = ?, status_message = ?, phone_number = ?, metadata = ?,
         tags = ?, updated_at = ? WHERE uid = ?`,
      changed.name,
      changed.avatar,
      changed.link,
      changed.role,
      changed.statusMessage,
      changed.phoneNumber,
      changed.metadata,
      toJson(toTags(changed.tags)),
      now,
      uid,
    );
    if (fields.tags !== undefined) this.#setTags(uid, user.tags, fields.tags);
    return this.get(uid);
  }

  /** An inactive user keeps all that is stored, and can be made active again. False where there is no such user. */
  setActive(uid: string, isActive: boolean, now: number): boolean {
    const user = this.get(uid);
    if (user === null) return false;
    if ((user.deactivatedAt === null) === isActive) return true;
    this.#sql.exec(
      "UPDATE users SET deactivated_at = ?, updated_at = ? WHERE uid = ?",
      isActive ? null : now,
      now,
      uid,
    );
    this.#counts.add({ active: isActive ? 1 : -1, stored: 0 });
    return true;
  }

  /** Removes the record; false where there was none. */
  remove(uid: string): boolean {
    const user = this.get(uid);
    if (user === null) return false;
    this.#sql.exec("DELETE FROM users WHERE uid = ?", uid);
    this.#setTags(uid, user.tags, []);
    this.#counts.add({ active: user.deactivatedAt === null ? -1 : 0, stored: -1 });
    return true;
  }

  /** A feed socket of the user was opened. */
  noteSeen(uid: string, now: number): void {
    this.#sql.exec("UPDATE users SET last_seen_at = ? WHERE uid = ?", now, uid);
  }

  /** Who of these users is deactivated. */
  listInactive(uids: readonly string[]): string[] {
    return this.#sql
      .exec<{ uid: string }>(
        `SELECT uid FROM users
         WHERE deactivated_at IS NOT NULL AND uid IN (SELECT value FROM json_each(?))`,
        JSON.stringify(uids),
      )
      .toArray()
      .map(({ uid }) => uid);
  }

  /** False for a token that was issued before its user was deleted, and for all of a deactivated one. */
  acceptsToken(uid: string, issuedAt: number): boolean {
    const deletedAt = this.getDeletedAt(uid);
    return (deletedAt === null || issuedAt > deletedAt) && this.listInactive([uid]).length === 0;
  }

  /** When a user of this uid was deleted last, Unix ms. */
  getDeletedAt(uid: string): number | null {
    const [row] = this.#sql
      .exec<{ deleted_at: number }>("SELECT deleted_at FROM deleted_users WHERE uid = ?", uid)
      .toArray();
    return row?.deleted_at ?? null;
  }

  /** Ordered by uid. */
  list(filter: UserFilter, { afterUid, offset, limit, maxLength }: UserSlice): UserPart {
    const search = new UserSearch(filter, () => this.#presence.listOnline());
    const rows = this.#sql.exec<UserRow>(
      `SELECT ${COLUMNS} FROM users WHERE uid > ? AND ${search.condition} ORDER BY uid LIMIT ? + 0 OFFSET ?`,
      afterUid,
      ...search.values,
      limit,
      offset,
    );
    const users: User[] = [];
    let length = 0;
    for (const row of rows) {
      length += lengthOf(row);
      if (users.length > 0 && length > maxLength) return { users, isCut: true };
      users.push(this.#present(row));
    }
    return { users, isCut: false };
  }

  count(filter: UserFilter): number {
    const search = new UserSearch(filter, () => this.#presence.listOnline());
    return this.#sql
      .exec<{ count: number }>(
        `SELECT COUNT(*) AS count FROM users WHERE uid > '' AND ${search.condition}`,
        ...search.values,
      )
      .one().count;
  }

  #setTags(uid: string, before: readonly string[], after: readonly string[]): void {
    this.#sql.exec(
      "DELETE FROM user_tags WHERE uid = ? AND tag IN (SELECT value FROM json_each(?))",
      uid,
      JSON.stringify(before),
    );
    this.#sql.exec(
      "INSERT OR IGNORE INTO user_tags (tag, uid) SELECT value, ? FROM json_each(?)",
      uid,
      JSON.stringify(after),
    );
  }

  #present(row: UserRow): User {
    return {
      uid: row.uid,
      name: row.name,
      avatar: row.avatar,
      link: row.link,
      role: row.role,
      statusMessage: row.status_message,
      phoneNumber: row.phone_number,
      metadata: row.metadata,
      tags: row.tags === null ? [] : JSON.parse(row.tags),
      status: this.#presence.isOnline(row.uid) ? "online" : "offline",
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      deactivatedAt: row.deactivated_at,
      lastSeenAt: row.last_seen_at,
    };
  }
}

/** About how long a user is as text. */
function lengthOf(row: UserRow): number {
  let length = 0;
  for (const value of Object.values(row)) if (typeof value === "string") length += value.length;
  return length;
}

function definedOf(fields: UserFields): Partial<User> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function toTags(tags: readonly string[]): string[] | null {
  return tags.length === 0 ? null : [...new Set(tags)];
}

function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
