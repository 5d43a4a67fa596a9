import * as v from "valibot";
import { findContentFaults } from "../../channels/table.ts";
import type { Bindings } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { PageQuerySchema, readPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody, parsedJson, parsedQuery } from "../../http/route-input.ts";
import { checkInput } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import { type Fault, Faults, faultsToError } from "../../model/errors.ts";
import { NO_TEMPLATE } from "../../model/missing.ts";
import { requireFound, requireValue } from "../../model/outcome.ts";
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
import { PREVIEW_EXAMPLES, TEMPLATE_CHANGE_EXAMPLES, TEMPLATE_EXAMPLES } from "./settings-examples.ts";
import {
  NewTemplateSchema,
  readTemplateBody,
  TemplateChangeSchema,
  TemplatePartsSchema,
} from "./template-schema.ts";

/** A version's number, as a path or a cursor has it. */
const VERSION = /^\d{1,9}$/;

const ListQuerySchema = v.object({
  ...PageQuerySchema.entries,
  status: v.optional(v.picklist(TEMPLATE_STATUSES, 'must be "draft", "approved" or "archived"')),
  category: v.optional(v.string()),
  channelKey: v.optional(v.string()),
  search: v.optional(v.string()),
});

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
    const { status = null, category = null, channelKey = null, search } = query;
    const filter = { status, category, channelKey, search: search || null };
    const registry = getRegistryStub(env, app.id);
    const { data, nextCursor } = await readPage(
      query,
      (beforeId, limit) => registry.listTemplates({ ...filter, beforeId, limit }),
      ({ id }) => id,
    );
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
  examples: TEMPLATE_EXAMPLES,
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
  examples: TEMPLATE_CHANGE_EXAMPLES,
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
  handle: async ({ app, env, params, query }) =>
    json(await pageVersions(getRegistryStub(env, app.id), params.template, query)),
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
    const version = VERSION.test(given) ? Number(given) : 0;
    const registry = getRegistryStub(env, app.id);
    const found = requireValue(await registry.readTemplateVersion(params.template, version));
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
  examples: PREVIEW_EXAMPLES,
  handle: async ({ app, env, params, body }) => {
    const { variables, version } = body;
    const template = await requireTemplate(env, app.id, params.template);
    const registry = getRegistryStub(env, app.id);
    const wanted = requireValue(await registry.readTemplateVersion(template.id, version ?? template.version));
    return json({
      templateKey: template.key,
      version: wanted.version,
      content: previewTemplate(wanted, variables),
    });
  },
});

async function pageVersions(
  registry: ReturnType<typeof getRegistryStub>,
  template: string,
  query: v.InferOutput<typeof PageQuerySchema>,
): Promise<object> {
  const list = async (before: string | null, limit: number) => {
    const version = before === null ? null : Number(before);
    return requireValue(await registry.listTemplateVersions(template, version, limit));
  };
  const { data, nextCursor } = await readPage(query, list, ({ version }) => String(version), VERSION);
  return { data: data.map(presentVersion), nextCursor };
}

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
  return requireFound(await getRegistryStub(env, appId).getTemplate(idOrKey), NO_TEMPLATE);
}

function presentTemplate(template: ListedTemplate): object {
  const { createdAt, updatedAt, ...fields } = template;
  return { ...fields, createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
}

function presentVersion({ createdAt, approvedAt, ...version }: ListedVersion): object {
  return { ...version, createdAt: isoTime(createdAt), approvedAt: isoTime(approvedAt) };
}
