import { DEFAULT_TAG_QUOTA } from "../../model/limits.ts";

/** In place of the tags that aren't counted apart. As JSON, like every tag of a series; no tag is an object. */
const OTHER_TAGS = '{"other":true}';
/** No tag, as JSON. */
const NO_TAG = "null";
/** Tags that are remembered beside the table. */
const MAX_REMEMBERED = 2000;

/**
 * SQL of the tables that {@link CountedTags} keeps. A ledger from before these tables, which has series, goes on
 * without a bound.
 */
export const COUNTED_TAGS_SCHEMA = [
  "CREATE TABLE counted_tags (tag TEXT PRIMARY KEY) WITHOUT ROWID",
  "CREATE TABLE tag_quota (counted INTEGER NOT NULL, most INTEGER, is_bound INTEGER NOT NULL)",
  "INSERT INTO tag_quota (counted, most, is_bound) SELECT 0, NULL, NOT EXISTS (SELECT 1 FROM series)",
];

type QuotaRow = { counted: number; most: number | null; isBound: number };

/**
 * Which tags have series of their own in a ledger: the first ones, up to the app's quota. The rest is counted together,
 * so that an app that makes up a tag for each send doesn't fill its ledger with series. What a tag was decided to be it
 * stays. Writing methods expect to run in a transaction.
 */
export class CountedTags {
  readonly #sql: SqlStorage;
  readonly #names = new Map<string, string>();
  #quota: QuotaRow | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The registry has said how many there may be. Once a tag was turned away by another number, that one stays. */
  setMost(most: number): void {
    this.#sql.exec("UPDATE tag_quota SET most = ? WHERE most IS NULL", most);
    this.#quota = null;
  }

  /** What a tag is counted as. Both as JSON. */
  nameOf(tag: string): string {
    if (tag === NO_TAG) return tag;
    const known = this.#names.get(tag);
    if (known !== undefined) return known;
    const name = this.#decide(tag) ? tag : OTHER_TAGS;
    if (this.#names.size >= MAX_REMEMBERED) this.#names.clear();
    this.#names.set(tag, name);
    return name;
  }

  /** No notification has it any more, so its text goes. That makes no room: what was turned away stays so. */
  remove(tag: string): void {
    this.#sql.exec("DELETE FROM counted_tags WHERE tag = ?", tag);
    this.forget();
  }

  /** A transaction was undone: the tables are believed, not what is remembered. */
  forget(): void {
    this.#names.clear();
    this.#quota = null;
  }

  /** Whether it is counted apart, from now on where there is room. */
  #decide(tag: string): boolean {
    const { counted, most, isBound } = this.#readQuota();
    if (isBound === 0) return true;
    const known = this.#sql.exec("SELECT 1 FROM counted_tags WHERE tag = ?", tag).toArray();
    if (known.length > 0) return true;
    if (counted >= (most ?? DEFAULT_TAG_QUOTA)) {
      if (most === null) this.setMost(DEFAULT_TAG_QUOTA);
      return false;
    }
    this.#sql.exec("INSERT INTO counted_tags (tag) VALUES (?)", tag);
    this.#sql.exec("UPDATE tag_quota SET counted = counted + 1");
    this.#quota = null;
    return true;
  }

  #readQuota(): QuotaRow {
    this.#quota ??= this.#sql
      .exec<QuotaRow>("SELECT counted, most, is_bound AS isBound FROM tag_quota")
      .one();
    return this.#quota;
  }
}
