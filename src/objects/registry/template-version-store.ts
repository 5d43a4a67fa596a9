import { MAX_EXPIRY_MS } from "../../model/limits.ts";
import type { ListedVersion, NewTemplate, PlaceholderStyle, TemplateVersion } from "../../model/template.ts";

type VersionRow = {
  version: number;
  channel_keys: string;
  placeholders: PlaceholderStyle;
  created_at: number;
  approved_at: number | null;
};

const LISTED_VERSION_COLUMNS = "version, channel_keys, placeholders, created_at, approved_at";

/** How long a notification, and then a retry of it, may need its version: each expires after 30 days at most. */
const PINNED_MS = 2 * MAX_EXPIRY_MS + 2 * 24 * 60 * 60 * 1000;

/** The part of a template in which its versions differ. */
export type VersionContent = Pick<NewTemplate, "channelKeys" | "content" | "variableSchema" | "placeholders">;

/** The versions of an app's templates. Writing methods expect to run inside a transaction. */
export class TemplateVersionStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Newest first. */
  list(templateId: string, beforeVersion: number | null, limit: number): ListedVersion[] {
    return this.#sql
      .exec<VersionRow>(
        `SELECT ${LISTED_VERSION_COLUMNS} FROM template_versions
         WHERE template_id = ?1 AND (?2 IS NULL OR version < ?2) ORDER BY version DESC LIMIT ?3 + 0`,
        templateId,
        beforeVersion,
        limit,
      )
      .toArray()
      .map(toListedVersion);
  }

  get(templateId: string, version: number): TemplateVersion | null {
    const [row] = this.#sql
      .exec<VersionRow & { content: string; variable_schema: string }>(
        `SELECT ${LISTED_VERSION_COLUMNS}, content, variable_schema FROM template_versions
         WHERE template_id = ? AND version = ?`,
        templateId,
        version,
      )
      .toArray();
    if (row === undefined) return null;
    const { content, variable_schema, ...listed } = row;
    return {
      ...toListedVersion(listed),
      content: JSON.parse(content),
      variableSchema: JSON.parse(variable_schema),
    };
  }

  insert(
    templateId: string,
    version: number,
    { channelKeys, content, variableSchema, placeholders }: VersionContent,
    now: number,
  ): void {
    this.#sql.exec(
      `INSERT INTO template_versions
         (template_id, version, channel_keys, content, variable_schema, placeholders, created_at, approved_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
      templateId,
      version,
      JSON.stringify(channelKeys),
      JSON.stringify(content),
      JSON.stringify(variableSchema),
      placeholders,
      now,
    );
  }

  noteApproved(templateId: string, version: number, now: number): void {
    this.#sql.exec(
      "UPDATE template_versions SET approved_at = ? WHERE template_id = ? AND version = ? AND approved_at IS NULL",
      now,
      templateId,
      version,
    );
  }

  /**
   * Removes a template's oldest versions where it has `limit` or more, but none that is sent or may still be: one that
   * was approved goes when the next has been for longer than a notification and its retry can last; one that never was
   * is no notification's. Returns how many are left.
   */
  makeRoom(templateId: string, limit: number, now: number): number {
    const { count } = this.#sql
      .exec<{ count: number }>(
        "SELECT COUNT(*) AS count FROM template_versions WHERE template_id = ?",
        templateId,
      )
      .one();
    if (count < limit) return count;
    const removed = this.#sql.exec(
      `DELETE FROM template_versions WHERE template_id = ?1 AND version IN (
         SELECT v.version FROM template_versions v JOIN templates t ON t.id = v.template_id
         WHERE v.template_id = ?1 AND v.version < t.version AND v.version IS NOT t.approved_version
           AND (v.approved_at IS NULL OR EXISTS (SELECT 1 FROM template_versions n
             WHERE n.template_id = ?1 AND n.version > v.version AND n.approved_at < ?2))
         ORDER BY v.version LIMIT ?3 + 0) RETURNING 1`,
      templateId,
      now - PINNED_MS,
      count - limit + 1,
    );
    return count - removed.toArray().length;
  }
}

function toListedVersion(row: VersionRow): ListedVersion {
  return {
    version: row.version,
    channelKeys: JSON.parse(row.channel_keys),
    placeholders: row.placeholders,
    createdAt: row.created_at,
    approvedAt: row.approved_at,
  };
}
