import * as v from "valibot";
import { authenticate } from "../../http/auth.ts";
import { readJson, readOptionalJson } from "../../http/body.ts";
import type { Handler } from "../../http/context.ts";
import { DEFAULT_TOKEN_TTL_SECONDS } from "../../http/feed-tokens.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { isoTime, json, jsonText } from "../../http/responses.ts";
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
import { readUserParam, requireReachableUser } from "../named-users.ts";
import { listUidSearchKeys, MetadataSchema, presentMetadata, toMetadataText } from "../users/fields.ts";

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
      v.pipe(
        v.number(TTL_MESSAGE),
        v.integer(TTL_MESSAGE),
        v.minValue(1, TTL_MESSAGE),
        v.maxValue(MAX_TOKEN_TTL_SECONDS, TTL_MESSAGE),
      ),
      DEFAULT_TOKEN_TTL_SECONDS,
    ),
  },
  "must be a JSON object",
);

/** `GET {api}/users`: by uid, 20 a page, at most 100. */
export const getUsers: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const query = queryOf(context.url);
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
  const { users, hasMore } = await listUsers(context.env, app, wanted, { afterUid, limit });
  const last = users.at(-1);
  const nextCursor = hasMore && last !== undefined ? encodeCursor([last.uid]) : null;
  const meta = { pagination: { count: users.length, per_page: limit } };
  // One by one: many small values take far more as objects than as text.
  const data = users.map((user) => JSON.stringify(presentUser(user))).join(",");
  return jsonText(
    `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)},"meta":${JSON.stringify(meta)}}`,
  );
};

/** `POST {api}/users` */
export const postUser: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { uid: sentAs, ...fields } = parseInput(newUserSchema(app), await readJson(request, true));
  const uid = canonicalUserId(app, sentAs);
  const user = requireValue(await getShardStubOf(context.env, app, uid).createUser(uid, toStored(fields)));
  if (user === null) throw new OnecallError("ERR_CONFLICT", `A user with the uid "${sentAs}" exists.`);
  return json(presentUser(user), 201);
};

/** `GET {api}/users/{uid}` */
export const getUser: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { uid } = readUserParam(request, app);
  const user = isStoredUserId(uid) ? await getShardStubOf(context.env, app, uid).getUser(uid) : null;
  return json(presentUser(requireUser(user)));
};

/** `PUT {api}/users/{uid}`: the given fields only. */
export const putUser: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { uid } = readUserParam(request, app);
  const fields = toStored(parseInput(UserChangeSchema, await readJson(request, true)));
  const user = isStoredUserId(uid)
    ? await getShardStubOf(context.env, app, uid).updateUser(uid, fields)
    : null;
  return json(presentUser(requireUser(user)));
};

/** `DELETE {api}/users/{uid}`: blanks all that is stored of the user; counts stay as they are. */
export const deleteUser: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const { uid } = readUserParam(request, app);
  const deleted = isStoredUserId(uid) && (await deleteUserOf(context.env, app, uid, actor));
  if (!deleted) throw userNotFound();
  return json({ uid, deleted: true });
};

/** `POST {api}/users/{uid}/auth_tokens` `{expiresInSeconds?}`: a token for that user's client. */
export const postAuthToken: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { expiresInSeconds } = parseInput(TokenRequestSchema, await readOptionalJson(request));
  const user = await requireReachableUser(request, context.env, app);
  const { token, expiresAt } = await issueUserToken(context.env, app, user, expiresInSeconds);
  return json({ authToken: token, expiresAt: isoTime(expiresAt) }, 201);
};

/** `POST {api}/users/{uid}/auth_tokens/revoke`: all tokens of the user until now are refused, and sockets close. */
export const postTokenRevocation: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const { uid } = readUserParam(request, app);
  const validFrom = isStoredUserId(uid) ? await revokeTokensOf(context.env, app, uid, actor) : null;
  if (validFrom === null) throw userNotFound();
  return json({ uid, validFrom: isoTime(validFrom) });
};

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
    ...{ uid, name, avatar, role, metadata: presentMetadata(metadata), status },
    ...{ createdAt: isoTime(user.createdAt), updatedAt: isoTime(user.updatedAt) },
    ...(user.deactivatedAt === null ? {} : { deactivatedAt: isoTime(user.deactivatedAt) }),
  };
}
