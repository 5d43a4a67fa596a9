import * as v from "valibot";
import { BY_ADMIN } from "../../http/access.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedJson } from "../../http/route-input.ts";
import { listSchema, textSchema } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import { makeSignInCode } from "../../managing/dashboard-entry.ts";
import { type ApiKey, type NewApiKey, SCOPES, type Scope } from "../../model/app.ts";
import { generateApiKey, hashApiKey } from "../../model/credentials.ts";
import { MAX_NAMES, MAX_ROOT_GRACE_HOURS } from "../../model/limits.ts";
import { requireValue } from "../../model/outcome.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { readKeyInUse } from "../../reading/key-in-use.ts";
import { wholeNumberSchema } from "../../text/schemas.ts";
import { DASHBOARD_PATH } from "../dashboard/paths.ts";
import { named, pageOf, TimeSchema } from "../schemas.ts";
import {
  KeyInUseSchema,
  KeySchema,
  NewKeyAnswerSchema,
  RevokedKeySchema,
  RotatedSecretSchema,
} from "./answers.ts";
import { requireApp } from "./named-apps.ts";

const SCOPES_MESSAGE = `must be an array of at least one of: ${SCOPES.join(", ")}`;

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
const HOUR_MS = 60 * 60 * 1000;
const GRACE_MESSAGE = `must be a whole number of hours from 0 to ${MAX_ROOT_GRACE_HOURS}`;
const RootRotationSchema = v.object(
  {
    gracePeriodHours: v.optional(wholeNumberSchema(0, MAX_ROOT_GRACE_HOURS, GRACE_MESSAGE), 24),
  },
  "must be a JSON object",
);

export const postKey = defineRoute({
  id: "createKey",
  method: "POST",
  path: "/admin/apps/:app/keys",
  access: BY_ADMIN,
  summary: "Make an API key, which is shown once",
  body: parsedJson(NewKeySchema),
  answers: { 201: NewKeyAnswerSchema },
  errors: ["ERR_NOT_FOUND", "ERR_QUOTA_EXCEEDED"],
  handle: async ({ actor, env, params, body }) => {
    const app = await requireApp(env, params.app);
    const { name, scopes } = body;
    const checkSecret = requireValue(await getRegistryStub(env, app.id).ensureKeyCheck());
    const { apiKey, stored } = await makeKey(app.id, checkSecret, name, scopes);
    const key = await changeApp(env, app.id, (registry) => registry.createKey(stored, actor));
    return json({ ...presentKey(key), apiKey }, 201);
  },
});

export const postSignInCode = defineRoute({
  id: "createSignInCode",
  method: "POST",
  path: "/admin/apps/:app/sign-in-codes",
  access: BY_ADMIN,
  summary: "A link to the dashboard that signs the operator in once, within ten minutes",
  answers: {
    201: named("SignInCode", v.strictObject({ code: v.string(), url: v.string(), expiresAt: TimeSchema })),
  },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ env, params, url }) => {
    const app = await requireApp(env, params.app);
    const { code, expiresAt } = await makeSignInCode(env, app.id);
    // Behind the `#`: a browser tells no server, and the page takes it away.
    const link = `${url.origin}${DASHBOARD_PATH}/sign-in#code=${code}`;
    return json({ code, url: link, expiresAt: isoTime(expiresAt) }, 201);
  },
});

export const getKeys = defineRoute({
  id: "listKeys",
  method: "GET",
  path: "/admin/apps/:app/keys",
  access: BY_ADMIN,
  summary: "All API keys, masked",
  answers: { 200: pageOf(KeySchema) },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) => {
    const app = await requireApp(env, params.app);
    const keys = requireValue(await getRegistryStub(env, app.id).listKeys());
    return json({ data: keys.map(presentKey), nextCursor: null });
  },
});

export const getOneKey = defineRoute({
  id: "getKey",
  method: "GET",
  path: "/admin/apps/:app/keys/:key",
  access: BY_ADMIN,
  summary: "An API key with what revoking it ends, and what goes on",
  answers: { 200: KeyInUseSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) => {
    const app = await requireApp(env, params.app);
    const { key, signIns, sending } = await readKeyInUse(env, app.id, params.key);
    return json({ ...presentKey(key), signIns, sending });
  },
});

export const deleteKey = defineRoute({
  id: "revokeKey",
  method: "DELETE",
  path: "/admin/apps/:app/keys/:key",
  access: BY_ADMIN,
  summary: "Revoke an API key",
  answers: { 200: RevokedKeySchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ actor, env, params }) => {
    const app = await requireApp(env, params.app);
    const keyId = params.key;
    const key = await changeApp(env, app.id, (registry) => registry.revokeKey(keyId, actor));
    return json({ ...presentKey(key), revoked: true });
  },
});

export const postRootSecret = defineRoute({
  id: "rotateRootSecret",
  method: "POST",
  path: "/admin/apps/:app/rotate-root-secret",
  access: BY_ADMIN,
  summary:
    "Sign user tokens, socket tickets and upload forms anew; earlier ones are taken until the grace ends",
  body: parsedJson(RootRotationSchema, { isOptional: true }),
  answers: { 200: RotatedSecretSchema },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ actor, env, params, body }) => {
    const app = await requireApp(env, params.app);
    const { gracePeriodHours } = body;
    const { generation, previousUntil } = await changeApp(env, app.id, (registry) =>
      registry.rotateRootSecret(gracePeriodHours * HOUR_MS, actor),
    );
    return json({ id: app.id, generation, previousUntil: isoTime(previousUntil) });
  },
});

/** A new key, and what is stored of it. */
export async function makeKey(
  appId: string,
  checkSecret: string,
  name: string,
  scopes: Scope[],
): Promise<{ apiKey: string; stored: NewApiKey }> {
  const apiKey = await generateApiKey(appId, checkSecret);
  const [sha256, lastFour] = [await hashApiKey(apiKey), apiKey.slice(-4)];
  return { apiKey, stored: { name, sha256, scopes, lastFour, checkSecret } };
}

function presentKey({ id, name, scopes, key, createdAt, lastUsedAt, uses }: ApiKey): object {
  const { send, read, manage } = uses;
  return {
    id,
    name,
    scopes,
    key,
    createdAt: isoTime(createdAt),
    lastUsedAt: isoTime(lastUsedAt),
    uses: { send: isoTime(send), read: isoTime(read), manage: isoTime(manage) },
  };
}
