import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { DEFAULT_TOKEN_TTL_SECONDS } from "../../http/feed-tokens.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { isoTime, json, jsonText } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownQuery, parsedJson, ruledJson } from "../../http/route-input.ts";
import {
  IsoEndSchema,
  IsoTimeSchema,
  isStoredUserId,
  parseInput,
  perUserIdRule,
  queryOf,
  requireRange,
  textSchema,
  UserIdSchema,
} from "../../http/validation.ts";
import { deleteUserOf } from "../../managing/delete-user.ts";
import { issueUserToken } from "../../managing/issue-token.ts";
import { listUsers } from "../../managing/list-users.ts";
import { revokeTokensOf } from "../../managing/user-access.ts";
import { OnecallError } from "../../model/errors.ts";
import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import { requireValue } from "../../model/outcome.ts";
import { ANY_USER, type User } from "../../model/user.ts";
import { canonicalUserId } from "../../model/user-ids.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { wholeNumberSchema } from "../../text/schemas.ts";
import { isTaken, readUserParam, requireReachableUser } from "../named-users.ts";
import { listUidSearchKeys, MetadataSchema, presentMetadata, toMetadataText } from "../users/fields.ts";
import { USERS_PATH } from "../users/paths.ts";
import { API } from "./paths.ts";
import {
  DeletedUserSchema,
  RevocationSchema,
  UserPageSchema,
  UserSchema,
  UserTokenSchema,
} from "./user-answers.ts";

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

const UserListSchema = v.object({
  searchKey: v.optional(v.string()),
  role: v.optional(v.string()),
  status: v.optional(v.picklist(["online", "offline"], 'must be "online" or "offline"')),
  createdFrom: v.optional(IsoTimeSchema),
  createdTo: v.optional(IsoEndSchema),
  perPage: limitSchema(20),
  limit: v.optional(v.string()),
  cursor: v.optional(v.string()),
});

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

export const getUsers = defineRoute({
  id: "listUsers",
  method: "GET",
  path: `${API}/users`,
  access: byApiKey("read"),
  summary: "Users by uid",
  query: ownQuery(UserListSchema),
  answers: { 200: UserPageSchema },
  handle: async ({ app, env, url }) => {
    const query = queryOf(url);
    // `limit` is the management API's name for the vendor's `perPage`.
    const filter = parseInput(UserListSchema, { ...query, perPage: query.perPage ?? query.limit });
    requireRange(filter.createdFrom, filter.createdTo, { from: "createdFrom", to: "createdTo" });
    const limit = filter.perPage;
    const wanted = {
      ...ANY_USER,
      searchKey: filter.searchKey || null,
      uidSearchKeys: listUidSearchKeys(filter.searchKey, app),
      roles: filter.role === undefined ? null : [filter.role],
      status: filter.status ?? null,
      createdFrom: filter.createdFrom ?? null,
      createdTo: filter.createdTo ?? null,
    };
    const afterUid = decodeCursor(filter.cursor, 1)?.[0] ?? "";
    const { users, hasMore } = await listUsers(env, app, wanted, { afterUid, limit });
    const last = users.at(-1);
    const nextCursor = hasMore && last !== undefined ? encodeCursor([last.uid]) : null;
    const meta = { pagination: { count: users.length, per_page: limit } };
    // One by one: many small values take far more as objects than as text.
    const data = users.map((user) => JSON.stringify(presentUser(user))).join(",");
    return jsonText(
      `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)},"meta":${JSON.stringify(meta)}}`,
    );
  },
});

export const postUser = defineRoute({
  id: "createUser",
  method: "POST",
  path: `${API}/users`,
  access: byApiKey("manage"),
  summary: "Make a user",
  body: ruledJson(newUserSchema, { keepsDigits: true }),
  answers: { 201: UserSchema },
  errors: ["ERR_CONFLICT", "ERR_QUOTA_EXCEEDED"],
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
    const user = isStoredUserId(uid) ? await getShardStubOf(env, app, uid).getUser(uid) : null;
    return json(presentUser(requireUser(user)));
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
  handle: async ({ app, env, params, body }) => {
    const { uid } = readUserParam(params.uid, app);
    const fields = toStored(body);
    const user = isStoredUserId(uid) ? await getShardStubOf(env, app, uid).updateUser(uid, fields) : null;
    return json(presentUser(requireUser(user)));
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
    const deleted = isStoredUserId(uid) && (await deleteUserOf(env, app, uid, actor));
    if (!deleted) throw userNotFound();
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
  handle: async ({ app, env, params, body }) => {
    const { expiresInSeconds } = body;
    const user = await requireReachableUser(params.uid, env, app);
    const { token, expiresAt } = await issueUserToken(env, app, user, expiresInSeconds);
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
    const validFrom = isStoredUserId(uid) ? await revokeTokensOf(env, app, uid, actor) : null;
    if (validFrom === null) throw userNotFound();
    return json({ uid, validFrom: isoTime(validFrom) });
  },
});

function toStored<T extends { metadata?: object | null | undefined }>(fields: T) {
  return { ...fields, metadata: toMetadataText(fields.metadata) };
}

function requireUser(user: User | null): User {
  if (user === null) throw userNotFound();
  return user;
}

function userNotFound(): OnecallError {
  return new OnecallError("ERR_NOT_FOUND", "There is no such user.");
}

function presentUser({ uid, name, avatar, role, metadata, status, ...user }: User): object {
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
