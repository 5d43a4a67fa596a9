import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { DEFAULT_TOKEN_TTL_SECONDS } from "../../http/feed-tokens.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedJson, ruledJson } from "../../http/route-input.ts";
import { perUserIdRule, textSchema, UserIdSchema } from "../../http/validation.ts";
import { deleteUserOf, findUserOf, revokeTokensOf, updateUserOf } from "../../managing/change-user.ts";
import { issueTokenToLook, issueUserToken } from "../../managing/issue-token.ts";
import { OnecallError } from "../../model/errors.ts";
import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import { NO_USER } from "../../model/missing.ts";
import { requireValue } from "../../model/outcome.ts";
import type { User } from "../../model/user.ts";
import { canonicalUserId } from "../../model/user-ids.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { wholeNumberSchema } from "../../text/schemas.ts";
import {
  isTaken,
  readUserParam,
  requireOfUser,
  requireReachableUser,
  requireUserParam,
} from "../named-users.ts";
import { MetadataSchema, presentMetadata, toMetadataText } from "../users/fields.ts";
import { USERS_PATH } from "../users/paths.ts";
import { API } from "./paths.ts";
import {
  READ_ONLY_TOKEN_EXAMPLES,
  USER_CHANGE_EXAMPLES,
  USER_EXAMPLES,
  USER_TOKEN_EXAMPLES,
} from "./reading-examples.ts";
import { DeletedUserSchema, RevocationSchema, UserSchema, UserTokenSchema } from "./user-answers.ts";

const UserFieldsEntries = {
  name: v.optional(textSchema(256)),
  avatar: v.nullish(textSchema(2048)),
  role: v.optional(textSchema(64)),
  metadata: v.nullish(MetadataSchema),
};
const newUserSchema = perUserIdRule(UserIdSchema, (uid) =>
  v.object({ uid, ...UserFieldsEntries }, "must be a JSON object"),
);
const UserChangeSchema = v.object(UserFieldsEntries, "must be a JSON object");

const TTL_MESSAGE = `must be a whole number of seconds from 1 to ${MAX_TOKEN_TTL_SECONDS}`;
const TokenRequestSchema = v.object(
  {
    expiresInSeconds: v.optional(
      wholeNumberSchema(1, MAX_TOKEN_TTL_SECONDS, TTL_MESSAGE),
      DEFAULT_TOKEN_TTL_SECONDS,
    ),
  },
  "must be a JSON object",
);

export const postUser = defineRoute({
  id: "createUser",
  method: "POST",
  path: `${API}/users`,
  access: byApiKey("manage"),
  summary: "Make a user",
  body: ruledJson(newUserSchema, { keepsDigits: true }),
  answers: { 201: UserSchema },
  errors: ["ERR_CONFLICT", "ERR_QUOTA_EXCEEDED"],
  examples: USER_EXAMPLES,
  handle: async ({ app, env, body }) => {
    const { uid: sentAs, ...fields } = body;
    const uid = canonicalUserId(app, sentAs);
    const created = await getShardStubOf(env, app, uid).createUser(uid, toStored(fields));
    if (isTaken(created)) throw new OnecallError("ERR_CONFLICT", `A user with the uid "${sentAs}" exists.`);
    return json(presentUser(requireValue(created)), 201);
  },
});

export const getUser = defineRoute({
  id: "getUser",
  method: "GET",
  path: `${API}/users/:uid`,
  access: byApiKey("read"),
  summary: "A user",
  answers: { 200: UserSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const { uid } = readUserParam(params.uid, app);
    return json(presentUser(requireOfUser(await findUserOf({ env, app, uid }), unknownUser)));
  },
});

export const putUser = defineRoute({
  id: "updateUser",
  method: "PUT",
  path: `${API}/users/:uid`,
  access: byApiKey("manage"),
  summary: "Change the given fields",
  body: parsedJson(UserChangeSchema, { keepsDigits: true, readBack: UserSchema }),
  answers: { 200: UserSchema },
  errors: ["ERR_NOT_FOUND"],
  examples: USER_CHANGE_EXAMPLES,
  handle: async ({ app, env, params, body }) => {
    const { uid } = readUserParam(params.uid, app);
    const updated = await updateUserOf({ env, app, uid }, toStored(body));
    return json(presentUser(requireOfUser(updated, unknownUser)));
  },
});

export const deleteUser = defineRoute({
  id: "deleteUser",
  method: "DELETE",
  path: `${API}/users/:uid`,
  access: byApiKey("manage"),
  summary: "Blank all that is stored of a user; counts stay as they are",
  answers: { 200: DeletedUserSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, actor, env, params }) => {
    const { uid } = readUserParam(params.uid, app);
    requireOfUser(await deleteUserOf({ env, app, uid }, actor), unknownUser);
    return json({ uid, deleted: true });
  },
});

export const postAuthToken = defineRoute({
  id: "createUserToken",
  method: "POST",
  path: `${API}/users/:uid/auth_tokens`,
  access: byApiKey("manage"),
  summary: "A token for a user's client",
  body: parsedJson(TokenRequestSchema, { isOptional: true }),
  answers: { 201: UserTokenSchema },
  errors: ["ERR_QUOTA_EXCEEDED", "ERR_CONFLICT"],
  examples: USER_TOKEN_EXAMPLES,
  handle: async ({ app, env, params, body }) => {
    const { expiresInSeconds } = body;
    const user = await requireReachableUser(params.uid, env, app);
    const { token, expiresAt } = await issueUserToken(env, app, user, expiresInSeconds);
    return json({ authToken: token, expiresAt: isoTime(expiresAt) }, 201);
  },
});

export const postReadOnlyToken = defineRoute({
  id: "createReadOnlyToken",
  method: "POST",
  path: `${API}/users/:uid/auth_tokens/read_only`,
  access: byApiKey("read"),
  summary: "A token that reads the user's feed for ten minutes, and marks nothing; makes no user",
  answers: { 201: UserTokenSchema },
  errors: ["ERR_CONFLICT"],
  examples: READ_ONLY_TOKEN_EXAMPLES,
  handle: async ({ app, actor, env, params }) => {
    const { uid, sentAs } = requireUserParam(params.uid, app);
    const { token, expiresAt } = await issueTokenToLook(env, app, { uid, sentAs }, actor);
    return json({ authToken: token, expiresAt: isoTime(expiresAt) }, 201);
  },
});

export const postTokenRevocation = defineRoute({
  id: "revokeUserTokens",
  method: "POST",
  path: `${API}/users/:uid/auth_tokens/revoke`,
  also: [`${USERS_PATH}/:uid/auth_tokens/revoke`],
  access: byApiKey("manage"),
  summary: "Refuse all of a user's tokens until now, and close sockets",
  answers: { 200: RevocationSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, actor, env, params }) => {
    const { uid } = readUserParam(params.uid, app);
    const validFrom = requireOfUser(await revokeTokensOf({ env, app, uid }, actor), unknownUser);
    return json({ uid, validFrom: isoTime(validFrom) });
  },
});

function toStored<T extends { metadata?: object | null | undefined }>(fields: T) {
  return { ...fields, metadata: toMetadataText(fields.metadata) };
}

function unknownUser(): OnecallError {
  return new OnecallError("ERR_NOT_FOUND", NO_USER.message);
}

/** A user as this family shows one. */
export function presentUser({ uid, name, avatar, role, metadata, status, ...user }: User): object {
  return {
    uid,
    name,
    avatar,
    role,
    metadata: presentMetadata(metadata),
    status,
    createdAt: isoTime(user.createdAt),
    updatedAt: isoTime(user.updatedAt),
    ...(user.deactivatedAt === null ? {} : { deactivatedAt: isoTime(user.deactivatedAt) }),
  };
}
