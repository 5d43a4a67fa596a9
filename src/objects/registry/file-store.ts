import { newId } from "../../model/ids.ts";
import type { ListedTargetsFile, TargetsFile } from "../../model/targets-file.ts";

type FileRow = {
  file_key: string;
  id: string;
  audience_id: string;
  audience_etag: string;
  size: number;
  rows: number;
  columns: string;
  duplicates: number;
  uploaded_at: number;
  expires_at: number;
};

const LISTED_COLUMNS =
  "file_key, id, audience_id, audience_etag, size, rows, duplicates, uploaded_at, expires_at";
const COLUMNS = `${LISTED_COLUMNS}, columns`;

/** Expired files that an upload removes. */
const EXPIRY_ROWS = 100;

/** An app's targets files, in its registry. Writing methods expect to run inside a transaction. */
export class TargetsFileStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** An expired file is none. */
  get(fileKey: string, now: number): TargetsFile | null {
    const [row] = this.#sql
      .exec<FileRow>(
        `SELECT ${COLUMNS} FROM targets_files WHERE file_key = ? AND expires_at > ?`,
        fileKey,
        now,
      )
      .toArray();
    return row === undefined ? null : toTargetsFile(row);
  }

  /** Newest upload first; only ids below `beforeId`. */
  list(beforeId: string | null, limit: number, now: number): ListedTargetsFile[] {
    return this.#sql
      .exec<Omit<FileRow, "columns">>(
        `SELECT ${LISTED_COLUMNS} FROM targets_files
         WHERE expires_at > ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3 + 0`,
        now,
        beforeId,
        limit,
      )
      .toArray()
      .map(toListedFile);
  }

  /** Null where the key is taken and may not be overwritten. */
  put(file: Omit<TargetsFile, "id">, mayOverwrite: boolean, now: number): TargetsFile | null {
    if (!mayOverwrite && this.get(file.fileKey, now) !== null) return null;
    const stored = { ...file, id: newId() };
    this.#sql.exec(
      `INSERT OR REPLACE INTO targets_files (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      stored.fileKey,
      stored.id,
      stored.audienceId,
      stored.audienceEtag,
      stored.size,
      stored.rows,
      stored.duplicates,
      stored.uploadedAt,
      stored.expiresAt,
      JSON.stringify(stored.columns),
    );
    return stored;
  }

  /** True where there is one of that key, also an expired one that nobody has removed yet. */
  has(fileKey: string): boolean {
    return this.#sql.exec("SELECT 1 FROM targets_files WHERE file_key = ?", fileKey).toArray().length > 0;
  }

  /** What has expired is of no use to anybody; one upload cleans up after the earlier ones. Returns how many went. */
  expire(now: number): number {
    return this.#sql
      .exec(
        `DELETE FROM targets_files WHERE file_key IN
         (SELECT file_key FROM targets_files WHERE expires_at <= ? ORDER BY expires_at LIMIT ${EXPIRY_ROWS}) RETURNING 1`,
        now,
      )
      .toArray().length;
  }

  delete(fileKey: string): boolean {
    return (
      this.#sql.exec("DELETE FROM targets_files WHERE file_key = ? RETURNING 1", fileKey).toArray().length > 0
    );
  }
}

function toTargetsFile({ columns, ...row }: FileRow): TargetsFile {
  return { ...toListedFile(row), columns: JSON.parse(columns) };
}

function toListedFile(row: Omit<FileRow, "columns">): ListedTargetsFile {
  return {
    fileKey: row.file_key,
    id: row.id,
    audienceId: row.audience_id,
    audienceEtag: row.audience_etag,
    size: row.size,
    rows: row.rows,
    duplicates: row.duplicates,
    uploadedAt: row.uploaded_at,
    expiresAt: row.expires_at,
  };
}
