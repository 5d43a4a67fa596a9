import * as v from "valibot";
import { findContentFaults } from "../../channels/table.ts";
import type { Bindings } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody, parsedJson, parsedQuery } from "../../http/route-input.ts";
import { checkInput } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import { type Fault, Faults, faultsToError, OnecallError } from "../../model/errors.ts";
import {
  type ListedTemplate,
  type ListedVersion,
  TEMPLATE_STATUSES,
  type Template,
} from "../../model/template.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { previewTemplate } from "../../templates/preview.ts";
import { findApprovalWarnings, findDraftFaults } from "../../templates/rules.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { pageOf } from "../schemas.ts";
import { isObject } from "../send-checks.ts";
import { requireKey } from "./channels.ts";
import { API } from "./paths.ts";
import {
  ChangedTemplateSchema,
  ListedTemplateSchema,
  ListedVersionSchema,
  PreviewAnswerSchema,
  TemplateSchema,
  VersionSchema,
} from "./settings-answers.ts";
import {
  NewTemplateSchema,
  readTemplateBody,
  TemplateChangeSchema,
  TemplatePartsSchema,
} from "./template-schema.ts";

const ListQuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  status: v.optional(v.picklist(TEMPLATE_STATUSES, 'must be "draft", "approved" or "archived"')),
  category: v.optional(v.string()),
  channelKey: v.optional(v.string()),
  search: v.optional(v.string()),
});

const PageQuerySchema = v.object({ limit: LimitSchema, cursor: v.optional(v.string()) });

const PreviewSchema = v.object(
  {
    variables: v.optional(
      shownAs(v.custom<Record<string, unknown>>(isObject, "must be an object of values by variable name"), {
        type: "object",
      }),
      {},
    ),
    version: v.optional(
      v.pipe(
        v.number("must be a version's number"),
        v.integer("must be a version's number"),
        v.minValue(1, "must be 1 or more"),
      ),
    ),
  },
  "must be a JSON object",
);

export const listTemplates = defineRoute({
  id: "listTemplates",
  method: "GET",
  path: `${API}/templates`,
  access: byApiKey("read"),
  summary: "Templates, newest first, without content and schema",
  query: parsedQuery(ListQuerySchema),
  answers: { 200: pageOf(ListedTemplateSchema) },
  handle: async ({ app, env, query }) => {
    const { limit, cursor, status, category, channelKey, search } = query;
    const beforeId = decodeCursor(cursor, 1)?.[0] ?? null;
    const rows = await getRegistryStub(env, app.id).listTemplates({
      status: status ?? null,
      category: category ?? null,
      channelKey: channelKey ?? null,
      search: search || null,
      beforeId,
      limit: limit + 1,
    });
    const { data, nextCursor } = toPage(rows, limit, ({ id }) => [id]);
    return json({ data: data.map(presentTemplate), nextCursor });
  },
});

export const postTemplate = defineRoute({
  id: "createTemplate",
  method: "POST",
  path: `${API}/templates`,
  access: byApiKey("manage"),
  summary: "Make a draft",
  body: ownBody(NewTemplateSchema),
  answers: { 201: TemplateSchema },
  errors: ["ERR_CONFLICT", "ERR_QUOTA_EXCEEDED", "ERR_INVALID_VARIABLES"],
  handle: async ({ app, actor, env, request }) => {
    const body = await readTemplateBody(request);
    const { value, faults } = checkInput(NewTemplateSchema, body);
    if (value === null) {
      faults.add(await findOtherFaults(env, app.id, body, faults));
      throw faultsToError(faults);
    }
    const { key, category, ...fields } = value;
    const template = { ...fields, key: requireKey(key, fields.name), category: category ?? null };
    const created = await changeApp(env, app.id, (registry) => registry.createTemplate(template, actor));
    return json(presentTemplate(created), 201);
  },
});

export const getTemplate = defineRoute({
  id: "getTemplate",
  method: "GET",
  path: `${API}/templates/:template`,
  access: byApiKey("read"),
  summary: "A template by its id or key",
  answers: { 200: TemplateSchema },
  errors: ["ERR_TEMPLATE_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    return json(presentTemplate(await requireTemplate(env, app.id, params.template)));
  },
});

export const putTemplate = defineRoute({
  id: "updateTemplate",
  method: "PUT",
  path: `${API}/templates/:template`,
  access: byApiKey("manage"),
  summary: "Change a template, approve or archive it",
  body: ownBody(TemplateChangeSchema),
  answers: { 200: ChangedTemplateSchema },
  errors: ["ERR_TEMPLATE_NOT_FOUND", "ERR_CONFLICT", "ERR_QUOTA_EXCEEDED", "ERR_INVALID_VARIABLES"],
  handle: async ({ app, actor, env, request, params }) => {
    const idOrKey = params.template;
    const body = await readTemplateBody(request);
    const { value, faults } = checkInput(TemplateChangeSchema, body, { readBack: TemplateSchema });
    const current = await requireTemplate(env, app.id, idOrKey);
    // From the body itself: it belongs in the answer also where the schema found other faults.
    const { key = current.key } = (typeof body === "object" && body !== null ? body : {}) as {
      key?: unknown;
    };
    if (key !== current.key) faults.push({ field: "key", message: `never changes; it is "${current.key}"` });
    if (value === null) {
      faults.add(await findOtherFaults(env, app.id, body, faults));
      throw faultsToError(faults);
    }
    if (faults.length > 0) throw faultsToError(faults);
    const { key: _, ...change } = value;
    const updated = await changeApp(env, app.id, (registry) =>
      registry.updateTemplate(current.id, change, actor),
    );
    const warnings = change.status === "approved" ? { warnings: findApprovalWarnings(updated) } : {};
    return json({ ...presentTemplate(updated), ...warnings });
  },
});

export const listTemplateVersions = defineRoute({
  id: "listTemplateVersions",
  method: "GET",
  path: `${API}/templates/:template/versions`,
  access: byApiKey("read"),
  summary: "Versions, newest first, without content and schema",
  query: parsedQuery(PageQuerySchema),
  answers: { 200: pageOf(ListedVersionSchema) },
  errors: ["ERR_TEMPLATE_NOT_FOUND"],
  handle: async ({ app, env, params, query }) => {
    const { limit, cursor } = query;
    const before = decodeCursor(cursor, 1, /^\d{1,9}$/)?.[0];
    const versions = await getRegistryStub(env, app.id).listTemplateVersions(
      params.template,
      before === undefined ? null : Number(before),
      limit + 1,
    );
    if (versions === null) throw templateNotFound();
    const { data, nextCursor } = toPage(versions, limit, ({ version }) => [String(version)]);
    return json({ data: data.map(presentVersion), nextCursor });
  },
});

export const getTemplateVersion = defineRoute({
  id: "getTemplateVersion",
  method: "GET",
  path: `${API}/templates/:template/versions/:version`,
  access: byApiKey("read"),
  summary: "A version, whole",
  answers: { 200: VersionSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const given = params.version;
    const version = /^\d{1,9}$/.test(given) ? Number(given) : 0;
    const registry = getRegistryStub(env, app.id);
    const found = await registry.getTemplateVersion(params.template, version);
    if (found === null)
      throw new OnecallError("ERR_NOT_FOUND", "There is no such template, or no such version.");
    return json(presentVersion(found));
  },
});

export const postTemplatePreview = defineRoute({
  id: "previewTemplate",
  method: "POST",
  path: `${API}/templates/:template/preview`,
  access: byApiKey("read"),
  summary: "Render without sending",
  body: parsedJson(PreviewSchema, { keepsDigits: true }),
  answers: { 200: PreviewAnswerSchema },
  errors: ["ERR_NOT_FOUND", "ERR_TEMPLATE_NOT_FOUND", "ERR_INVALID_VARIABLES"],
  handle: async ({ app, env, params, body }) => {
    const { variables, version } = body;
    const template = await requireTemplate(env, app.id, params.template);
    const wanted = await getRegistryStub(env, app.id).getTemplateVersion(
      template.id,
      version ?? template.version,
    );
    if (wanted === null) throw new OnecallError("ERR_NOT_FOUND", `The template has no version ${version}.`);
    return json({
      templateKey: template.key,
      version: wanted.version,
      content: previewTemplate(wanted, variables),
    });
  },
});

/** What the registry would say of the fields that have the right form: it belongs in the same answer. */
async function findOtherFaults(env: Bindings, appId: string, body: unknown, known: Faults): Promise<Faults> {
  const parts = v.safeParse(TemplatePartsSchema, body);
  if (!parts.success) return new Faults();
  const fields = new Set([...known].map(({ field }) => field));
  const isNew = ({ field }: Fault) => !fields.has(field);
  const channels = await getRegistryStub(env, appId).listChannels();
  const found = findDraftFaults({ ...parts.output, variableSchema: {} }, channels, findContentFaults);
  return new Faults([...found].filter(isNew), found.more);
}

async function requireTemplate(env: Bindings, appId: string, idOrKey: string): Promise<Template> {
  const template = await getRegistryStub(env, appId).getTemplate(idOrKey);
  if (template === null) throw templateNotFound();
  return template;
}

function templateNotFound(): OnecallError {
  return new OnecallError("ERR_TEMPLATE_NOT_FOUND", "There is no such template.");
}

function presentTemplate(template: ListedTemplate): object {
  const { createdAt, updatedAt, ...fields } = template;
  return { ...fields, createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
}

function presentVersion({ createdAt, approvedAt, ...version }: ListedVersion): object {
  return { ...version, createdAt: isoTime(createdAt), approvedAt: isoTime(approvedAt) };
}
