import { newId } from "../../model/ids.ts";
import { MAX_EXPIRY_MS } from "../../model/limits.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type {
  ListedTemplate,
  ListedVersion,
  NewTemplate,
  PlaceholderStyle,
  SendableTemplate,
  Template,
  TemplateChange,
  TemplateFilter,
  TemplateStatus,
  TemplateVersion,
} from "../../model/template.ts";

type ListedRow = {
  id: string;
  key: string;
  name: string;
  category: string | null;
  status: TemplateStatus;
  version: number;
  approved_version: number | null;
  created_at: number;
  updated_at: number;
  channel_keys: string;
  placeholders: PlaceholderStyle;
};

type ContentRow = { content: string; variable_schema: string };

type ListedVersionRow = {
  version: number;
  channel_keys: string;
  placeholders: PlaceholderStyle;
  created_at: number;
  approved_at: number | null;
};

const LISTED_COLUMNS = `t.id, t.key, t.name, t.category, t.status, t.version, t.approved_version,
    t.created_at, t.updated_at, v.channel_keys, v.placeholders`;
const TEMPLATES = `
  FROM templates t JOIN template_versions v ON v.template_id = t.id AND v.version = t.version`;
const LISTED_VERSION_COLUMNS = "version, channel_keys, placeholders, created_at, approved_at";

/** How long a notification, and then a retry of it, may need its version: each expires after 30 days at most. */
const PINNED_MS = 2 * MAX_EXPIRY_MS + 2 * 24 * 60 * 60 * 1000;

/** An app's templates, in its registry. Writing methods expect to run inside a transaction. */
export class TemplateStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** By id or key, with its newest version. */
  get(idOrKey: string): Template | null {
    const [row] = this.#sql
      .exec<ListedRow & ContentRow>(
        `SELECT ${LISTED_COLUMNS}, v.content, v.variable_schema ${TEMPLATES} WHERE t.id = ?1 OR t.key = ?1`,
        idOrKey,
      )
      .toArray();
    return row === undefined ? null : toTemplate(row);
  }

  /** Newest first. */
  list(filter: TemplateFilter): ListedTemplate[] {
    const conditions = ["true"];
    const values: (string | number)[] = [];
    const add = (condition: string, ...bound: (string | null)[]): void => {
      const given = bound.filter((value) => value !== null);
      if (given.length < bound.length) return;
      conditions.push(condition);
      values.push(...given);
    };
    add("t.status = ?", filter.status);
    add("t.category = ?", filter.category);
    add("EXISTS (SELECT 1 FROM json_each(v.channel_keys) WHERE value = ?)", filter.channelKey);
    add("t.id < ?", filter.beforeId);
    if (filter.search !== null) {
      // A range, not LIKE: LIKE patterns fail above 50 bytes.
      const end = `${filter.search}\u{10ffff}`;
      add(
        "((t.key >= ? AND t.key < ?) OR (t.name COLLATE NOCASE >= ? AND t.name COLLATE NOCASE < ?))",
        ...[filter.search, end, filter.search, end],
      );
    }
    return this.#sql
      .exec<ListedRow>(
        `SELECT ${LISTED_COLUMNS} ${TEMPLATES} WHERE ${conditions.join(" AND ")} ORDER BY t.id DESC LIMIT ?`,
        ...values,
        filter.limit,
      )
      .toArray()
      .map(toListed);
  }

  /** Newest first. Null where there is no such template. */
  listVersions(idOrKey: string, beforeVersion: number | null, limit: number): ListedVersion[] | null {
    const [template] = this.#sql
      .exec<{ id: string }>("SELECT id FROM templates WHERE id = ?1 OR key = ?1", idOrKey)
      .toArray();
    if (template === undefined) return null;
    return this.#sql
      .exec<ListedVersionRow>(
        `SELECT ${LISTED_VERSION_COLUMNS} FROM template_versions
         WHERE template_id = ?1 AND (?2 IS NULL OR version < ?2) ORDER BY version DESC LIMIT ?3`,
        template.id,
        beforeVersion,
        limit,
      )
      .toArray()
      .map(toListedVersion);
  }

  getVersion(templateId: string, version: number): TemplateVersion | null {
    const [row] = this.#sql
      .exec<ListedVersionRow & ContentRow>(
        `SELECT ${LISTED_VERSION_COLUMNS}, content, variable_schema FROM template_versions
         WHERE template_id = ? AND version = ?`,
        templateId,
        version,
      )
      .toArray();
    return row === undefined ? null : toVersion(row);
  }

  create(template: NewTemplate, now: number): Outcome<Template> {
    if (this.get(template.key) !== null) {
      return refuse("ERR_CONFLICT", `A template with the key "${template.key}" exists. Choose another key.`);
    }
    const id = newId();
    this.#sql.exec(
      `INSERT INTO templates
         (id, key, name, category, status, version, approved_version, created_at, updated_at)
       VALUES (?, ?, ?, ?, 'draft', 1, NULL, ?, ?)`,
      id,
      template.key,
      template.name,
      template.category,
      now,
      now,
    );
    this.#insertVersion(id, 1, template, now);
    return succeed(this.#require(id));
  }

  isNewVersion(template: Template, change: TemplateChange): boolean {
    return JSON.stringify(contentAfter(template, change)) !== JSON.stringify(contentAfter(template, {}));
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
         ORDER BY v.version LIMIT ?3) RETURNING 1`,
      templateId,
      now - PINNED_MS,
      count - limit + 1,
    );
    return count - removed.toArray().length;
  }

  /** A change of content, schema, placeholders or channels makes a new version; one that changes nothing doesn't. */
  update(template: Template, change: TemplateChange, now: number): Template {
    const next = contentAfter(template, change);
    const isNewVersion = this.isNewVersion(template, change);
    const version = isNewVersion ? template.version + 1 : template.version;
    if (isNewVersion) this.#insertVersion(template.id, version, next, now);
    this.#sql.exec(
      "UPDATE templates SET name = ?, category = ?, version = ?, updated_at = ? WHERE id = ?",
      change.name ?? template.name,
      change.category === undefined ? template.category : change.category,
      version,
      now,
      template.id,
    );
    return this.#require(template.id);
  }

  /** Approving makes the newest version the one that is sent; any other status makes that none. */
  setStatus(template: Template, status: TemplateStatus, now: number): Template {
    const approved = status === "approved" ? template.version : null;
    this.#sql.exec(
      "UPDATE templates SET status = ?, approved_version = ?, updated_at = ? WHERE id = ?",
      status,
      approved,
      now,
      template.id,
    );
    if (approved !== null) {
      this.#sql.exec(
        "UPDATE template_versions SET approved_at = ? WHERE template_id = ? AND version = ? AND approved_at IS NULL",
        now,
        template.id,
        approved,
      );
    }
    return this.#require(template.id);
  }

  /** What a send of this template sends now, or null where it isn't approved. */
  getSendable(template: Template): SendableTemplate | null {
    if (template.status !== "approved" || template.approvedVersion === null) return null;
    return this.getSendableVersion(template, template.approvedVersion);
  }

  /** Ids and keys of all templates. */
  listAll(): { id: string; key: string }[] {
    return this.#sql.exec<{ id: string; key: string }>("SELECT id, key FROM templates").toArray();
  }

  listNames(ids: readonly string[]): [id: string, name: string][] {
    return this.#sql
      .exec<{ id: string; name: string }>(
        "SELECT id, name FROM templates WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(ids),
      )
      .toArray()
      .map(({ id, name }) => [id, name]);
  }

  /** A certain version as a send needs it: for a call that is run again as it was. */
  getSendableVersion({ id, key }: Template, version: number): SendableTemplate | null {
    const found = this.getVersion(id, version);
    if (found === null) return null;
    const { channelKeys, content, variableSchema, placeholders } = found;
    return { id, key, version, channelKeys, content, variableSchema, placeholders };
  }

  #insertVersion(
    id: string,
    version: number,
    {
      channelKeys,
      content,
      variableSchema,
      placeholders,
    }: Pick<NewTemplate, "channelKeys" | "content" | "variableSchema" | "placeholders">,
    now: number,
  ): void {
    this.#sql.exec(
      `INSERT INTO template_versions
         (template_id, version, channel_keys, content, variable_schema, placeholders, created_at, approved_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
      id,
      version,
      JSON.stringify(channelKeys),
      JSON.stringify(content),
      JSON.stringify(variableSchema),
      placeholders,
      now,
    );
  }

  #require(id: string): Template {
    const template = this.get(id);
    if (template === null) throw new Error("The template just written is gone");
    return template;
  }
}

/** What versions are of. */
function contentAfter(template: Template, change: TemplateChange) {
  return {
    channelKeys: change.channelKeys ?? template.channelKeys,
    content: change.content ?? template.content,
    variableSchema: change.variableSchema ?? template.variableSchema,
    placeholders: change.placeholders ?? template.placeholders,
  };
}

function toTemplate({ content, variable_schema, ...row }: ListedRow & ContentRow): Template {
  return { ...toListed(row), content: JSON.parse(content), variableSchema: JSON.parse(variable_schema) };
}

function toListed(row: ListedRow): ListedTemplate {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    category: row.category,
    status: row.status,
    version: row.version,
    approvedVersion: row.approved_version,
    channelKeys: JSON.parse(row.channel_keys),
    placeholders: row.placeholders,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toVersion({ content, variable_schema, ...row }: ListedVersionRow & ContentRow): TemplateVersion {
  return {
    ...toListedVersion(row),
    content: JSON.parse(content),
    variableSchema: JSON.parse(variable_schema),
  };
}

function toListedVersion(row: ListedVersionRow): ListedVersion {
  return {
    version: row.version,
    channelKeys: JSON.parse(row.channel_keys),
    placeholders: row.placeholders,
    createdAt: row.created_at,
    approvedAt: row.approved_at,
  };
}
