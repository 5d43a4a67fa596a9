import { newId } from "../../model/ids.ts";
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
import { TemplateVersionStore, type VersionContent } from "./template-version-store.ts";

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

const LISTED_COLUMNS = `t.id, t.key, t.name, t.category, t.status, t.version, t.approved_version,
    t.created_at, t.updated_at, v.channel_keys, v.placeholders`;
const TEMPLATES = `
  FROM templates t JOIN template_versions v ON v.template_id = t.id AND v.version = t.version`;
/** An app's templates, in its registry. Writing methods expect to run inside a transaction. */
export class TemplateStore {
  readonly #sql: SqlStorage;
  readonly #versions: TemplateVersionStore;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#versions = new TemplateVersionStore(sql);
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
        filter.search,
        end,
        filter.search,
        end,
      );
    }
    return this.#sql
      .exec<ListedRow>(
        `SELECT ${LISTED_COLUMNS} ${TEMPLATES} WHERE ${conditions.join(" AND ")} ORDER BY t.id DESC LIMIT ? + 0`,
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
    return this.#versions.list(template.id, beforeVersion, limit);
  }

  getVersion(templateId: string, version: number): TemplateVersion | null {
    return this.#versions.get(templateId, version);
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
    this.#versions.insert(id, 1, template, now);
    return succeed(this.#require(id));
  }

  isNewVersion(template: Template, change: TemplateChange): boolean {
    return JSON.stringify(contentAfter(template, change)) !== JSON.stringify(contentAfter(template, {}));
  }

  /** Removes versions that nothing needs any more where there are `limit` or more; returns how many are left. */
  makeRoom(templateId: string, limit: number, now: number): number {
    return this.#versions.makeRoom(templateId, limit, now);
  }

  /** A change of content, schema, placeholders or channels makes a new version; one that changes nothing doesn't. */
  update(template: Template, change: TemplateChange, now: number): Template {
    const next = contentAfter(template, change);
    const isNewVersion = this.isNewVersion(template, change);
    const version = isNewVersion ? template.version + 1 : template.version;
    if (isNewVersion) this.#versions.insert(template.id, version, next, now);
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
    if (approved !== null) this.#versions.noteApproved(template.id, approved, now);
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

  #require(id: string): Template {
    const template = this.get(id);
    if (template === null) throw new Error("The template just written is gone");
    return template;
  }
}

function contentAfter(template: Template, change: TemplateChange): VersionContent {
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
