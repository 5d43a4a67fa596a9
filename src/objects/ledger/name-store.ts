/** Names that are remembered beside the table. */
const MAX_REMEMBERED = 2000;

/** What a name is of: a header's common part, a template, a tag. */
export type NameKind = "part" | "template" | "tag";

/** Texts that many rows have in common, written once: rows point to them by number. */
export class NameStore {
  readonly #sql: SqlStorage;
  readonly #known = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The text's number; null where no row can have it. */
  find(kind: NameKind, name: string): number | null {
    const key = `${kind}:${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [row] = this.#sql
      .exec<{ id: number }>("SELECT id FROM names WHERE kind = ? AND name = ?", kind, name)
      .toArray();
    if (row === undefined) return null;
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(key, row.id);
    return row.id;
  }

  /** The text's number, a new one where it has none. In a transaction; should it fail, call {@link forget}. */
  intern(kind: NameKind, name: string): number {
    return (
      this.find(kind, name) ??
      this.#sql
        .exec<{ id: number }>("INSERT INTO names (kind, name) VALUES (?, ?) RETURNING id", kind, name)
        .one().id
    );
  }

  /** No row points to it any more. */
  remove(id: number): void {
    this.#known.clear();
    this.#sql.exec("DELETE FROM names WHERE id = ?", id);
  }

  /** A transaction was undone: the table is believed, not what is remembered. */
  forget(): void {
    this.#known.clear();
  }
}
