import * as v from "valibot";
import type { Bindings } from "../../env.ts";
import { authenticate } from "../../http/auth.ts";
import { readJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { checkInput, parseInput, queryOf } from "../../http/validation.ts";
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
import { requireKey } from "./channels.ts";
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
      v.custom<Record<string, unknown>>(
        (input) => typeof input === "object" && input !== null && !Array.isArray(input),
        "must be an object of values by variable name",
      ),
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

/** `GET {api}/templates`: newest first, without what is large: content and schema. */
export const listTemplates: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { limit, cursor, status, category, channelKey, search } = parseInput(
    ListQuerySchema,
    queryOf(context.url),
  );
  const beforeId = decodeCursor(cursor, 1)?.[0] ?? null;
  const rows = await getRegistryStub(context.env, app.id).listTemplates({
    status: status ?? null,
    category: category ?? null,
    channelKey: channelKey ?? null,
    search: search || null,
    beforeId,
    limit: limit + 1,
  });
  const { data, nextCursor } = toPage(rows, limit, ({ id }) => [id]);
  return json({ data: data.map(presentTemplate), nextCursor });
};

/** `POST {api}/templates`: a draft. */
export const postTemplate: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const body = await readTemplateBody(request);
  const { value, faults } = checkInput(NewTemplateSchema, body);
  if (value === null) {
    faults.add(await findOtherFaults(context.env, app.id, body, faults));
    throw faultsToError(faults);
  }
  const { key, category, ...fields } = value;
  const template = { ...fields, key: requireKey(key, fields.name), category: category ?? null };
  const created = await changeApp(context.env, app.id, (registry) =>
    registry.createTemplate(template, actor),
  );
  return json(presentTemplate(created), 201);
};

/** `GET {api}/templates/{idOrKey}` */
export const getTemplate: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  return json(presentTemplate(await requireTemplate(context.env, app.id, pathParam(request, "template"))));
};

/** `PUT {api}/templates/{idOrKey}`: changes, a status, or both. */
export const putTemplate: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const idOrKey = pathParam(request, "template");
  const body = await readTemplateBody(request);
  const { value, faults } = checkInput(TemplateChangeSchema, body);
  const current = await requireTemplate(context.env, app.id, idOrKey);
  // From the body itself: it belongs in the answer also where the schema found other faults.
  const { key = current.key } = (typeof body === "object" && body !== null ? body : {}) as { key?: unknown };
  if (key !== current.key) faults.push({ field: "key", message: `never changes; it is "${current.key}"` });
  if (value === null) {
    faults.add(await findOtherFaults(context.env, app.id, body, faults));
    throw faultsToError(faults);
  }
  if (faults.length > 0) throw faultsToError(faults);
  const { key: _, ...change } = value;
  const updated = await changeApp(context.env, app.id, (registry) =>
    registry.updateTemplate(current.id, change, actor),
  );
  const warnings = change.status === "approved" ? { warnings: findApprovalWarnings(updated) } : {};
  return json({ ...presentTemplate(updated), ...warnings });
};

/** `GET {api}/templates/{idOrKey}/versions`: newest first, without content and schema. */
export const listTemplateVersions: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { limit, cursor } = parseInput(PageQuerySchema, queryOf(context.url));
  const before = decodeCursor(cursor, 1, /^\d{1,9}$/)?.[0];
  const versions = await getRegistryStub(context.env, app.id).listTemplateVersions(
    pathParam(request, "template"),
    before === undefined ? null : Number(before),
    limit + 1,
  );
  if (versions === null) throw templateNotFound();
  const { data, nextCursor } = toPage(versions, limit, ({ version }) => [String(version)]);
  return json({ data: data.map(presentVersion), nextCursor });
};

/** `GET {api}/templates/{idOrKey}/versions/{version}`: whole. */
export const getTemplateVersion: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const given = pathParam(request, "version");
  const version = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  const registry = getRegistryStub(context.env, app.id);
  const found = await registry.getTemplateVersion(pathParam(request, "template"), version);
  if (found === null)
    throw new OnecallError("ERR_NOT_FOUND", "There is no such template, or no such version.");
  return json(presentVersion(found));
};

/** `POST {api}/templates/{idOrKey}/preview` `{variables, version?}`: renders without sending. */
export const postTemplatePreview: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { variables, version } = parseInput(PreviewSchema, await readJson(request, true));
  const template = await requireTemplate(context.env, app.id, pathParam(request, "template"));
  const wanted = await getRegistryStub(context.env, app.id).getTemplateVersion(
    template.id,
    version ?? template.version,
  );
  if (wanted === null) throw new OnecallError("ERR_NOT_FOUND", `The template has no version ${version}.`);
  return json({
    templateKey: template.key,
    version: wanted.version,
    content: previewTemplate(wanted, variables),
  });
};

/** What the registry would say of the fields that have the right form: it belongs in the same answer. */
async function findOtherFaults(env: Bindings, appId: string, body: unknown, known: Faults): Promise<Faults> {
  const parts = v.safeParse(TemplatePartsSchema, body);
  if (!parts.success) return new Faults();
  const fields = new Set([...known].map(({ field }) => field));
  const isNew = ({ field }: Fault) => !fields.has(field);
  const channels = await getRegistryStub(env, appId).listChannels();
  const found = findDraftFaults({ ...parts.output, variableSchema: {} }, channels);
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
