import * as v from "valibot";
import type { Bindings } from "../../env.ts";
import { byApiToken } from "../../http/access.ts";
import { readJson, readOptionalJson } from "../../http/body.ts";
import { jsonPieces } from "../../http/json-pieces.ts";
import { encodeCursor } from "../../http/pagination.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody, ownQuery } from "../../http/route-input.ts";
import { deleteUserOf, findUserOf, setUserActiveOf, updateUserOf } from "../../managing/change-user.ts";
import { issueUserToken } from "../../managing/issue-token.ts";
import { pageUsers } from "../../managing/page-users.ts";
import type { AppRecord } from "../../model/app.ts";
import { OnecallError } from "../../model/errors.ts";
import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import { requireValue } from "../../model/outcome.ts";
import type { User } from "../../model/user.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { isTaken, requireOfUser } from "../named-users.ts";
import { SendbirdTokenSchema, SendbirdUserPageSchema, SendbirdUserSchema } from "./answers.ts";
import { SENDBIRD_USER_EXAMPLES } from "./examples.ts";
import { presentMetadata, writeUsers } from "./fields.ts";
import { USERS_PATH } from "./paths.ts";
import {
  NewUserSchema,
  parseNewSendbirdUser,
  parseSendbirdChange,
  parseSendbirdQuery,
  parseSendbirdToken,
  QuerySchema,
  TokenSchema,
  UserChangeSchema,
} from "./sendbird-schema.ts";

/** Sendbird's `/v3/users` (header `Api-Token`): its names, times in Unix ms, `{error, code, message}`. */

export const listSendbirdUsers = defineRoute({
  id: "listSendbirdUsers",
  method: "GET",
  path: USERS_PATH,
  access: byApiToken("read"),
  summary: "Users, by page",
  query: ownQuery(QuerySchema),
  answers: { 200: SendbirdUserPageSchema },
  handle: async ({ app, env, url }) => {
    const { filter, offset, limit } = parseSendbirdQuery(url);
    const { parts, total } = await pageUsers(env, app, filter, offset, limit);
    const end = offset + limit;
    async function* write(): AsyncGenerator<string> {
      yield '{"users":[';
      yield* writeUsers(parts, (user) => presentUser(user));
      yield `],"next":${JSON.stringify(end < total ? encodeCursor([String(end)]) : "")}}`;
    }
    return jsonPieces(write());
  },
});

export const postSendbirdUser = defineRoute({
  id: "createSendbirdUser",
  method: "POST",
  path: USERS_PATH,
  access: byApiToken("manage"),
  summary: "Make a user",
  body: ownBody(NewUserSchema),
  answers: { 200: SendbirdUserSchema },
  errors: ["ERR_UID_ALREADY_EXISTS", "ERR_QUOTA_EXCEEDED"],
  examples: SENDBIRD_USER_EXAMPLES,
  handle: async ({ app, env, request }) => {
    const { userId, fields, issueToken } = parseNewSendbirdUser(await readJson(request));
    const created = await getShardStubOf(env, app, userId).createUser(userId, fields);
    if (isTaken(created)) {
      throw new OnecallError("ERR_UID_ALREADY_EXISTS", `"user_id" ${userId} exists already.`);
    }
    const user = requireValue(created);
    return json(presentUser(user, issueToken ? await issueAccessToken(env, app, userId) : ""));
  },
});

export const getSendbirdUser = defineRoute({
  id: "getSendbirdUser",
  method: "GET",
  path: `${USERS_PATH}/:uid`,
  access: byApiToken("read"),
  summary: "A user",
  answers: { 200: SendbirdUserSchema },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    return json(presentUser(requireOfUser(await findUserOf({ env, app, uid: params.uid }), unknownUser)));
  },
});

export const putSendbirdUser = defineRoute({
  id: "updateSendbirdUser",
  method: "PUT",
  path: `${USERS_PATH}/:uid`,
  access: byApiToken("manage"),
  summary: "Change the given fields",
  body: ownBody(UserChangeSchema),
  answers: { 200: SendbirdUserSchema },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async ({ app, actor, env, request, params }) => {
    const userId = params.uid;
    const { fields, isActive, issueToken } = parseSendbirdChange(await readJson(request), userId);
    const named = { env, app, uid: userId };
    if (isActive !== null) requireOfUser(await setUserActiveOf(named, isActive, actor), unknownUser);
    const user = requireOfUser(await updateUserOf(named, fields), unknownUser);
    return json(presentUser(user, issueToken ? await issueAccessToken(env, app, userId) : ""));
  },
});

export const deleteSendbirdUser = defineRoute({
  id: "deleteSendbirdUser",
  method: "DELETE",
  path: `${USERS_PATH}/:uid`,
  access: byApiToken("manage"),
  summary: "Delete a user",
  answers: { 200: v.strictObject({}) },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async ({ app, actor, env, params }) => {
    requireOfUser(await deleteUserOf({ env, app, uid: params.uid }, actor), unknownUser);
    return json({});
  },
});

export const postSendbirdToken = defineRoute({
  id: "createSendbirdToken",
  method: "POST",
  path: `${USERS_PATH}/:uid/token`,
  access: byApiToken("manage"),
  summary: "A token for a user's client",
  body: ownBody(TokenSchema, { isOptional: true }),
  answers: { 200: SendbirdTokenSchema },
  errors: ["ERR_UID_NOT_FOUND", "ERR_NOT_FOUND"],
  handle: async ({ app, env, request, params }) => {
    const userId = params.uid;
    const ttlSeconds = parseSendbirdToken(await readOptionalJson(request), Date.now());
    requireOfUser(await findUserOf({ env, app, uid: userId }), unknownUser);
    const { token, expiresAt } = await issueUserToken(env, app, { uid: userId }, ttlSeconds);
    return json({ token, expires_at: expiresAt });
  },
});

/** The token that a user is shown with, where the call asks for one. */
async function issueAccessToken(env: Bindings, app: AppRecord, userId: string): Promise<string> {
  return (await issueUserToken(env, app, { uid: userId }, MAX_TOKEN_TTL_SECONDS)).token;
}

export function unknownUser(): OnecallError {
  return new OnecallError("ERR_UID_NOT_FOUND", '"User" not found.');
}

/** `accessToken` is shown where it is issued only: it is stored nowhere. */
export function presentUser(user: User, accessToken = ""): object {
  const isOnline = user.status === "online";
  return {
    user_id: user.uid,
    nickname: user.name,
    profile_url: user.avatar ?? "",
    phone_number: user.phoneNumber ?? "",
    metadata: presentMetadata(user.metadata) ?? {},
    access_token: accessToken,
    require_auth_for_profile_image: false,
    is_active: user.deactivatedAt === null,
    is_online: isOnline,
    has_ever_logged_in: user.lastSeenAt !== null,
    // The vendor's 0 is for who is online, and for who never was.
    last_seen_at: isOnline ? 0 : (user.lastSeenAt ?? 0),
    created_at: user.createdAt,
  };
}
