import { authenticateToken } from "../../http/auth.ts";
import { readJson, readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { jsonPieces } from "../../http/json-pieces.ts";
import { encodeCursor } from "../../http/pagination.ts";
import { json } from "../../http/responses.ts";
import { isStoredUserId } from "../../http/validation.ts";
import { deleteUserOf } from "../../managing/delete-user.ts";
import { issueUserToken } from "../../managing/issue-token.ts";
import { pageUsers } from "../../managing/page-users.ts";
import { setUserActiveOf } from "../../managing/user-access.ts";
import { OnecallError } from "../../model/errors.ts";
import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import { requireValue } from "../../model/outcome.ts";
import type { User } from "../../model/user.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { presentMetadata, writeUsers } from "./fields.ts";
import {
  parseNewSendbirdUser,
  parseSendbirdChange,
  parseSendbirdQuery,
  parseSendbirdToken,
} from "./sendbird-schema.ts";

/** Sendbird's `/v3/users` (header `Api-Token`): its names, times in Unix ms, `{error, code, message}`. */

/** `GET /v3/users` */
export const listSendbirdUsers: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "read");
  const { filter, offset, limit } = parseSendbirdQuery(context.url);
  const { parts, total } = await pageUsers(context.env, app, filter, offset, limit);
  const end = offset + limit;
  async function* write(): AsyncGenerator<string> {
    yield '{"users":[';
    yield* writeUsers(parts, (user) => presentUser(user));
    yield `],"next":${JSON.stringify(end < total ? encodeCursor([String(end)]) : "")}}`;
  }
  return jsonPieces(write());
};

/** `POST /v3/users` */
export const postSendbirdUser: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "manage");
  const { userId, fields, issueToken } = parseNewSendbirdUser(await readJson(request));
  const user = requireValue(await getShardStubOf(context.env, app, userId).createUser(userId, fields));
  if (user === null) {
    throw new OnecallError("ERR_UID_ALREADY_EXISTS", `"user_id" ${userId} exists already.`);
  }
  const accessToken = issueToken
    ? (await issueUserToken(context.env, app, { uid: userId }, MAX_TOKEN_TTL_SECONDS)).token
    : "";
  return json(presentUser(user, accessToken));
};

/** `GET /v3/users/{user_id}` */
export const getSendbirdUser: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "read");
  const userId = pathParam(request, "uid");
  const user = isStoredUserId(userId) ? await getShardStubOf(context.env, app, userId).getUser(userId) : null;
  if (user === null) throw unknownUser();
  return json(presentUser(user));
};

/** `PUT /v3/users/{user_id}`: the given fields only. */
export const putSendbirdUser: Handler = async (request, context) => {
  const { app, actor } = await authenticateToken(request, context, "manage");
  const userId = pathParam(request, "uid");
  const { fields, isActive, issueToken } = parseSendbirdChange(await readJson(request), userId);
  if (!isStoredUserId(userId)) throw unknownUser();
  if (isActive !== null) await setUserActiveOf(context.env, app, userId, isActive, actor);
  const user = await getShardStubOf(context.env, app, userId).updateUser(userId, fields);
  if (user === null) throw unknownUser();
  const accessToken = issueToken
    ? (await issueUserToken(context.env, app, { uid: userId }, MAX_TOKEN_TTL_SECONDS)).token
    : "";
  return json(presentUser(user, accessToken));
};

/** `DELETE /v3/users/{user_id}`: the user is gone. */
export const deleteSendbirdUser: Handler = async (request, context) => {
  const { app, actor } = await authenticateToken(request, context, "manage");
  const userId = pathParam(request, "uid");
  const isDeleted = isStoredUserId(userId) && (await deleteUserOf(context.env, app, userId, actor));
  if (!isDeleted) throw unknownUser();
  return json({});
};

/** `POST /v3/users/{user_id}/token` */
export const postSendbirdToken: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "manage");
  const userId = pathParam(request, "uid");
  const ttlSeconds = parseSendbirdToken(await readOptionalJson(request), Date.now());
  const isKnown =
    isStoredUserId(userId) && (await getShardStubOf(context.env, app, userId).getUser(userId)) !== null;
  if (!isKnown) throw unknownUser();
  const { token, expiresAt } = await issueUserToken(context.env, app, { uid: userId }, ttlSeconds);
  return json({ token, expires_at: expiresAt });
};

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
