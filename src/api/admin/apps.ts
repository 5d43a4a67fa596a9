import * as v from "valibot";
import { noteApp } from "../../copies/known-apps.ts";
import { BY_ADMIN } from "../../http/access.ts";
import { PageQuerySchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedJson, parsedQuery } from "../../http/route-input.ts";
import { textSchema } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import { type AppRecord, SCOPES } from "../../model/app.ts";
import { APP_ID_PATTERN, randomToken } from "../../model/credentials.ts";
import { DEFAULT_SHARD_COUNT, MAX_SHARD_COUNT, MIN_SHARD_COUNT } from "../../model/limits.ts";
import { requireValue } from "../../model/outcome.ts";
import { QUOTA_NAMES, QUOTAS, type QuotaName } from "../../model/quotas.ts";
import { slugOf } from "../../model/slug.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { wholeNumberSchema } from "../../text/schemas.ts";
import { pageOf } from "../schemas.ts";
import {
  AppSchema,
  AppWithQuotasSchema,
  DeletedAppSchema,
  ErasureSchema,
  NewAppAnswerSchema,
} from "./answers.ts";
import { APP_EXAMPLES, APP_LIST_EXAMPLES } from "./examples.ts";
import { makeKey } from "./keys.ts";
import { pageApps, requireApp, requireAppId } from "./named-apps.ts";

const APP_ID_MESSAGE = "must have 2 to 63 lower-case letters, digits and hyphens, a letter or digit first";
const SHARDS_MESSAGE = `must be a whole number from ${MIN_SHARD_COUNT} to ${MAX_SHARD_COUNT}`;

const NewAppSchema = v.object(
  {
    id: v.nullish(v.pipe(v.string(APP_ID_MESSAGE), v.regex(APP_ID_PATTERN, APP_ID_MESSAGE))),
    name: textSchema(128),
    shardCount: v.nullish(wholeNumberSchema(MIN_SHARD_COUNT, MAX_SHARD_COUNT, SHARDS_MESSAGE)),
    foldsUserIds: v.nullish(v.boolean("must be true or false")),
  },
  "must be a JSON object",
);
const quotaSchema = (name: QuotaName) => {
  const message = `must be a whole number from 0 to ${QUOTAS[name].most}, or null for ${QUOTAS[name].default}`;
  return v.nullish(wholeNumberSchema(0, QUOTAS[name].most, message), undefined);
};
const QUOTAS_MESSAGE = `must be an object with any of: ${QUOTA_NAMES.join(", ")}`;
const AppChangeSchema = v.object(
  {
    quotas: v.strictObject(
      {
        keys: quotaSchema("keys"),
        channels: quotaSchema("channels"),
        templates: quotaSchema("templates"),
        templateVersions: quotaSchema("templateVersions"),
        files: quotaSchema("files"),
        uploadedBytesPerDay: quotaSchema("uploadedBytesPerDay"),
        users: quotaSchema("users"),
        tags: quotaSchema("tags"),
        webhooks: quotaSchema("webhooks"),
      },
      QUOTAS_MESSAGE,
    ),
  },
  "must be a JSON object",
);
const DeleteAppSchema = v.object(
  { name: v.string("must be the app's name: deleting it can't be undone") },
  "must be a JSON object",
);

export const postApp = defineRoute({
  id: "createApp",
  method: "POST",
  path: "/admin/apps",
  access: BY_ADMIN,
  summary: "Make an app; the answer shows its first key, with every scope, once",
  body: parsedJson(NewAppSchema),
  answers: { 201: NewAppAnswerSchema },
  errors: ["ERR_CONFLICT"],
  examples: APP_EXAMPLES,
  handle: async ({ actor, env, body }) => {
    const { id, name, shardCount, foldsUserIds } = body;
    const appId = id ?? generateAppId(name);
    const { apiKey, stored } = await makeKey(appId, randomToken(), "default", [...SCOPES]);
    const newApp = {
      id: appId,
      name,
      shardCount: shardCount ?? DEFAULT_SHARD_COUNT,
      foldsUserIds: foldsUserIds ?? true,
    };
    const app = await changeApp(env, appId, (registry) => registry.createApp(newApp, stored, actor));
    noteApp(app);
    return json({ id: app.id, name: app.name, apiKey, createdAt: isoTime(app.createdAt) }, 201);
  },
});

export const getApps = defineRoute({
  id: "listApps",
  method: "GET",
  path: "/admin/apps",
  access: BY_ADMIN,
  summary: "Apps by id; a new one can take up to a minute to be listed everywhere",
  query: parsedQuery(PageQuerySchema),
  answers: { 200: pageOf(AppSchema) },
  examples: APP_LIST_EXAMPLES,
  handle: async ({ env, query }) => json(await pageApps(env, query, presentApp)),
});

export const getOneApp = defineRoute({
  id: "getApp",
  method: "GET",
  path: "/admin/apps/:app",
  access: BY_ADMIN,
  summary: "An app with its quotas",
  answers: { 200: AppWithQuotasSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) => {
    const app = await requireApp(env, params.app);
    return json({
      ...presentApp(app),
      quotas: requireValue(await getRegistryStub(env, app.id).readQuotas()),
    });
  },
});

export const putApp = defineRoute({
  id: "updateApp",
  method: "PUT",
  path: "/admin/apps/:app",
  access: BY_ADMIN,
  summary: "Set what an app may have; null is the default again",
  body: parsedJson(AppChangeSchema, { readBack: AppSchema }),
  answers: { 200: AppWithQuotasSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ actor, env, params, body }) => {
    const app = await requireApp(env, params.app);
    const { quotas } = body;
    const report = await changeApp(env, app.id, (registry) => registry.setQuotas(quotas, actor));
    return json({ ...presentApp(app), quotas: report });
  },
});

export const deleteApp = defineRoute({
  id: "deleteApp",
  method: "DELETE",
  path: "/admin/apps/:app",
  access: BY_ADMIN,
  summary: "Close an app at once, and erase all of it in minutes",
  body: parsedJson(DeleteAppSchema),
  answers: { 202: DeletedAppSchema },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ env, params, body }) => {
    const id = params.app;
    requireAppId(id);
    const { name } = body;
    const { startedAt, step } = await changeApp(env, id, (registry) => registry.deleteApp(name));
    return json({ id, state: "deleting", step, startedAt: isoTime(startedAt) }, 202);
  },
});

export const getErasure = defineRoute({
  id: "getErasure",
  method: "GET",
  path: "/admin/apps/:app/erasure",
  access: BY_ADMIN,
  summary: "How far the erasure of a deleted app is",
  answers: { 200: ErasureSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) => {
    const id = requireAppId(params.app);
    const progress = requireValue(await getRegistryStub(env, id).readErasure());
    const state = progress.step === "erased" ? "erased" : "deleting";
    return json({ id, state, ...progress, startedAt: isoTime(progress.startedAt) });
  },
});

/** The name's slug with six random digits, so that two apps of one name are two apps. */
function generateAppId(name: string): string {
  const digits = crypto.getRandomValues(new Uint8Array(3)).toHex();
  return `${slugOf(name).slice(0, 50) || "app"}-${digits}`;
}

function presentApp({ id, name, shardCount, foldsUserIds, createdAt }: AppRecord): object {
  return { id, name, shardCount, foldsUserIds, createdAt: isoTime(createdAt) };
}
