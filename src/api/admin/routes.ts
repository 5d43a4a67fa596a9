import * as v from "valibot";
import { getApp } from "../../copies/app.ts";
import { noteApp } from "../../copies/known-apps.ts";
import type { Bindings } from "../../env.ts";
import { requireAdmin } from "../../http/auth.ts";
import { readJson, readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, encodeCursor, LimitSchema, limitSchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import type { Route } from "../../http/router.ts";
import { listSchema, parseInput, queryOf, textSchema } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import { listApps } from "../../managing/list-apps.ts";
import type { NewApiKey } from "../../model/app.ts";
import { type ApiKey, type AppRecord, SCOPES, type Scope } from "../../model/app.ts";
import { APP_ID_PATTERN, generateApiKey, hashApiKey, randomToken } from "../../model/credentials.ts";
import { OnecallError } from "../../model/errors.ts";
import { parseNotificationId } from "../../model/ids.ts";
import {
  DEFAULT_SHARD_COUNT,
  MAX_NAMES,
  MAX_ROOT_GRACE_HOURS,
  MAX_SHARD_COUNT,
  MIN_SHARD_COUNT,
} from "../../model/limits.ts";
import { QUOTA_NAMES, QUOTAS, type QuotaName } from "../../model/quotas.ts";
import { slugOf } from "../../model/slug.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { type AppStatus, readAppStatus } from "../../operations/status.ts";
import { checkCounts } from "../../reading/counts-check.ts";

const APP_ID_MESSAGE = "must have 2 to 63 lower-case letters, digits and hyphens, a letter or digit first";
const SHARDS_MESSAGE = `must be a whole number from ${MIN_SHARD_COUNT} to ${MAX_SHARD_COUNT}`;
const SCOPES_MESSAGE = `must be an array of at least one of: ${SCOPES.join(", ")}`;

const NewAppSchema = v.object(
  {
    id: v.nullish(v.pipe(v.string(APP_ID_MESSAGE), v.regex(APP_ID_PATTERN, APP_ID_MESSAGE))),
    name: textSchema(128),
    shardCount: v.nullish(
      v.pipe(
        v.number(SHARDS_MESSAGE),
        v.integer(SHARDS_MESSAGE),
        v.minValue(MIN_SHARD_COUNT, SHARDS_MESSAGE),
        v.maxValue(MAX_SHARD_COUNT, SHARDS_MESSAGE),
      ),
    ),
    foldsUserIds: v.nullish(v.boolean("must be true or false")),
  },
  "must be a JSON object",
);
const quotaSchema = (name: QuotaName) => {
  const message = `must be a whole number from 0 to ${QUOTAS[name].most}, or null for ${QUOTAS[name].default}`;
  return v.nullish(
    v.pipe(
      v.number(message),
      v.integer(message),
      v.minValue(0, message),
      v.maxValue(QUOTAS[name].most, message),
    ),
    undefined,
  );
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
const NewKeySchema = v.object(
  {
    name: textSchema(128),
    scopes: v.pipe(
      listSchema(v.picklist(SCOPES, SCOPES_MESSAGE), SCOPES_MESSAGE, MAX_NAMES),
      v.minLength(1, SCOPES_MESSAGE),
      v.transform((scopes) => [...new Set(scopes)]),
    ),
  },
  "must be a JSON object",
);
/** An app's status asks its ledgers and some of its shards: a page of apps must stay below a Worker's calls. */
const StatusQuerySchema = v.object({ limit: limitSchema(5, 10), cursor: v.optional(v.string()) });
const HOUR_MS = 60 * 60 * 1000;
const GRACE_MESSAGE = `must be a whole number of hours from 0 to ${MAX_ROOT_GRACE_HOURS}`;
const RootRotationSchema = v.object(
  {
    gracePeriodHours: v.optional(
      v.pipe(
        v.number(GRACE_MESSAGE),
        v.integer(GRACE_MESSAGE),
        v.minValue(0, GRACE_MESSAGE),
        v.maxValue(MAX_ROOT_GRACE_HOURS, GRACE_MESSAGE),
      ),
      24,
    ),
  },
  "must be a JSON object",
);
const ListQuerySchema = v.object({ limit: LimitSchema, cursor: v.optional(v.string()) });

/** `POST /admin/apps` `{id?, name, shardCount?, foldsUserIds?}`: the answer shows the first key, with every scope, once. */
const postApp: Handler = async (request, context) => {
  const actor = await requireAdmin(request, context);
  const { id, name, shardCount, foldsUserIds } = parseInput(NewAppSchema, await readJson(request));
  const appId = id ?? generateAppId(name);
  const { apiKey, stored } = await makeKey(appId, randomToken(), "default", [...SCOPES]);
  const newApp = {
    id: appId,
    name,
    shardCount: shardCount ?? DEFAULT_SHARD_COUNT,
    foldsUserIds: foldsUserIds ?? true,
  };
  const app = await changeApp(context.env, appId, (registry) => registry.createApp(newApp, stored, actor));
  noteApp(app);
  return json({ id: app.id, name: app.name, apiKey, createdAt: isoTime(app.createdAt) }, 201);
};

/** `GET /admin/apps`: by id. A new app can take up to a minute to be listed everywhere. */
const getApps: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const { limit, cursor } = parseInput(ListQuerySchema, queryOf(context.url));
  const { apps, nextCursor } = await listApps(context.env, limit, decodeCursor(cursor, 1)?.[0] ?? null);
  return json({
    data: apps.map(presentApp),
    nextCursor: nextCursor === null ? null : encodeCursor([nextCursor]),
  });
};

/** `GET /admin/apps/{id}` */
const getOneApp: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  return json({ ...presentApp(app), quotas: await getRegistryStub(context.env, app.id).readQuotas() });
};

/** `PUT /admin/apps/{id}` `{quotas: {name: number}}`: what the app may have; null is the default again. */
const putApp: Handler = async (request, context) => {
  const actor = await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  const { quotas } = parseInput(AppChangeSchema, await readJson(request));
  const report = await changeApp(context.env, app.id, (registry) => registry.setQuotas(quotas, actor));
  return json({ ...presentApp(app), quotas: report });
};

/** `DELETE /admin/apps/{id}` `{name}`: closes the app at once, and erases all of it in minutes. */
const deleteApp: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const id = pathParam(request, "app");
  if (!APP_ID_PATTERN.test(id)) throw new OnecallError("ERR_NOT_FOUND", "There is no such app.");
  const { name } = parseInput(DeleteAppSchema, await readJson(request));
  const { startedAt, step } = await changeApp(context.env, id, (registry) => registry.deleteApp(name));
  return json({ id, state: "deleting", step, startedAt: isoTime(startedAt) }, 202);
};

/** `POST /admin/apps/{id}/keys` `{name, scopes}`: the key is shown once. */
const postKey: Handler = async (request, context) => {
  const actor = await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  const { name, scopes } = parseInput(NewKeySchema, await readJson(request));
  const checkSecret = await getRegistryStub(context.env, app.id).ensureKeyCheck();
  if (checkSecret === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such app.");
  const { apiKey, stored } = await makeKey(app.id, checkSecret, name, scopes);
  const key = await changeApp(context.env, app.id, (registry) => registry.createKey(stored, actor));
  return json({ ...presentKey(key), apiKey }, 201);
};

/** `GET /admin/apps/{id}/keys`: masked. */
const getKeys: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  const keys = await getRegistryStub(context.env, app.id).listKeys();
  return json({ data: (keys ?? []).map(presentKey), nextCursor: null });
};

/** `DELETE /admin/apps/{id}/keys/{keyId}`: revokes it. */
const deleteKey: Handler = async (request, context) => {
  const actor = await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  const keyId = pathParam(request, "key");
  const key = await changeApp(context.env, app.id, (registry) => registry.revokeKey(keyId, actor));
  return json({ ...presentKey(key), revoked: true });
};

/**
 * `POST /admin/apps/{id}/rotate-root-secret` `{gracePeriodHours?}`: user tokens, socket tickets and upload forms are
 * signed anew; those from before are taken until the grace ends.
 */
const postRootSecret: Handler = async (request, context) => {
  const actor = await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  const { gracePeriodHours } = parseInput(RootRotationSchema, await readOptionalJson(request));
  const { generation, previousUntil } = await changeApp(context.env, app.id, (registry) =>
    registry.rotateRootSecret(gracePeriodHours * HOUR_MS, actor),
  );
  return json({ id: app.id, generation, previousUntil: isoTime(previousUntil) });
};

/** `GET /admin/apps/{id}/audit/{notificationId}`: the ledger's counts beside the shards' own rows. */
const getAudit: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  const audit = await checkCounts(context.env, app, pathParam(request, "notification"));
  if (audit === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
  return json(audit);
};

/** `GET /admin/status`: what isn't done with, app by app. */
const getStatus: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const { limit, cursor } = parseInput(StatusQuerySchema, queryOf(context.url));
  const { apps, nextCursor } = await listApps(context.env, limit, decodeCursor(cursor, 1)?.[0] ?? null);
  const found = await Promise.all(apps.map((app) => readAppStatus(context.env, app)));
  return json({
    data: found.map(presentStatus),
    nextCursor: nextCursor === null ? null : encodeCursor([nextCursor]),
  });
};

/** `GET /admin/apps/{id}/status`: the same of one app. */
const getOneStatus: Handler = async (request, context) => {
  await requireAdmin(request, context);
  const app = await requireApp(context.env, pathParam(request, "app"));
  return json(presentStatus(await readAppStatus(context.env, app)));
};

export const adminRoutes: Route[] = [
  ["GET", "/admin/status", getStatus],
  ["POST", "/admin/apps", postApp],
  ["GET", "/admin/apps", getApps],
  ["GET", "/admin/apps/:app", getOneApp],
  ["PUT", "/admin/apps/:app", putApp],
  ["DELETE", "/admin/apps/:app", deleteApp],
  ["GET", "/admin/apps/:app/status", getOneStatus],
  ["POST", "/admin/apps/:app/keys", postKey],
  ["GET", "/admin/apps/:app/keys", getKeys],
  ["DELETE", "/admin/apps/:app/keys/:key", deleteKey],
  ["POST", "/admin/apps/:app/rotate-root-secret", postRootSecret],
  ["GET", "/admin/apps/:app/audit/:notification", getAudit],
];

async function requireApp(env: Bindings, id: string): Promise<AppRecord> {
  if (!APP_ID_PATTERN.test(id)) throw new OnecallError("ERR_NOT_FOUND", "There is no such app.");
  return getApp(env, id);
}

async function makeKey(
  appId: string,
  checkSecret: string,
  name: string,
  scopes: Scope[],
): Promise<{ apiKey: string; stored: NewApiKey }> {
  const apiKey = await generateApiKey(appId, checkSecret);
  const [sha256, lastFour] = [await hashApiKey(apiKey), apiKey.slice(-4)];
  return { apiKey, stored: { name, sha256, scopes, lastFour, checkSecret } };
}

/** The name's slug with six random digits, so that two apps of one name are two apps. */
function generateAppId(name: string): string {
  const digits = [...crypto.getRandomValues(new Uint8Array(3))].map((byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return `${slugOf(name).slice(0, 50) || "app"}-${digits.join("")}`;
}

function presentStatus({ app, oldestUncompleted, ...counts }: AppStatus): object {
  const createdAt = oldestUncompleted === null ? null : parseNotificationId(oldestUncompleted)?.timeMs;
  return {
    app: { id: app.id, name: app.name },
    ...counts,
    oldestUncompleted:
      oldestUncompleted === null || !createdAt
        ? null
        : { id: oldestUncompleted, createdAt: isoTime(createdAt) },
  };
}

function presentApp({ id, name, shardCount, foldsUserIds, createdAt }: AppRecord): object {
  return { id, name, shardCount, foldsUserIds, createdAt: isoTime(createdAt) };
}

function presentKey({ id, name, scopes, key, createdAt }: ApiKey): object {
  return { id, name, scopes, key, createdAt: isoTime(createdAt) };
}
