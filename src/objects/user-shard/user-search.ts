import type { UserFilter } from "../../model/user.ts";

type Value = string | number;

/**
 * A filter as a condition on `users`, to which a list adds its order and bounds. Each part finds its users by an
 * index, so that a list costs by what fits and not by who is there.
 */
export class UserSearch {
  readonly values: Value[] = [];
  readonly #conditions = ["true"];

  constructor(filter: UserFilter, onlineUids: () => ReadonlySet<string>) {
    this.#addNames(filter);
    if (filter.roles !== null) {
      this.#add(
        "uid IN (SELECT uid FROM users WHERE role IN (SELECT value FROM json_each(?)))",
        list(filter.roles),
      );
    }
    if (filter.tags !== null) {
      this.#add(
        "uid IN (SELECT uid FROM user_tags WHERE tag IN (SELECT value FROM json_each(?)))",
        list(filter.tags),
      );
    }
    if (filter.uids !== null) this.#add("uid IN (SELECT value FROM json_each(?))", list(filter.uids));
    if (filter.createdFrom !== null || filter.createdTo !== null) {
      this.#add(
        "uid IN (SELECT uid FROM users WHERE created_at BETWEEN ? AND ?)",
        filter.createdFrom ?? 0,
        filter.createdTo ?? Number.MAX_SAFE_INTEGER,
      );
    }
    if (filter.status !== null) {
      const not = filter.status === "online" ? "" : "NOT ";
      this.#add(`uid ${not}IN (SELECT value FROM json_each(?))`, list([...onlineUids()]));
    }
    if (filter.isActive === true) this.#add("deactivated_at IS NULL");
    if (filter.isActive === false) {
      this.#add("uid IN (SELECT uid FROM users WHERE deactivated_at IS NOT NULL)");
    }
  }

  get condition(): string {
    return this.#conditions.join(" AND ");
  }

  #addNames({ searchKey, uidSearchKeys, searchIn, name, namePrefix }: UserFilter): void {
    if (searchKey !== null) {
      const uids = searchIn.includes("uid") ? (uidSearchKeys ?? [searchKey]) : [];
      const names = searchIn.includes("name") ? [searchKey] : [];
      const parts = [...uids.map(() => UID_RANGE), ...names.map(() => NAME_RANGE)];
      this.#add(`uid IN (${parts.join(" UNION ALL ")})`, ...[...uids, ...names].flatMap(rangeOf));
    }
    if (namePrefix !== null) this.#add(`uid IN (${NAME_RANGE})`, ...rangeOf(namePrefix));
    if (name !== null) {
      this.#add("uid IN (SELECT uid FROM users WHERE name COLLATE NOCASE = ?) AND name = ?", name, name);
    }
  }

  #add(condition: string, ...values: Value[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }
}

// Ranges, not LIKE: LIKE patterns fail above 50 bytes.
const UID_RANGE = "SELECT uid FROM users WHERE uid >= ? AND uid < ?";
const NAME_RANGE = "SELECT uid FROM users WHERE name COLLATE NOCASE >= ? AND name COLLATE NOCASE < ?";

function rangeOf(prefix: string): [from: string, end: string] {
  return [prefix, `${prefix}\u{10ffff}`];
}

function list(values: readonly string[]): string {
  return JSON.stringify(values);
}
