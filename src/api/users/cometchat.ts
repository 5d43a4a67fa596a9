import { authenticate } from "../../http/auth.ts";
import { readJsonOrForm, readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { DEFAULT_TOKEN_TTL_SECONDS, verifyFeedToken } from "../../http/feed-tokens.ts";
import { jsonPieces } from "../../http/json-pieces.ts";
import { json } from "../../http/responses.ts";
import { guardLookups } from "../../http/stranger-limit.ts";
import { isStoredUserId } from "../../http/validation.ts";
import { deleteUserOf } from "../../managing/delete-user.ts";
import { issueUserToken, listUserTokens, type UserToken } from "../../managing/issue-token.ts";
import { pageUsers } from "../../managing/page-users.ts";
import { removeTokenOf, setUserActiveOf } from "../../managing/user-access.ts";
import { OnecallError } from "../../model/errors.ts";
import { requireValue } from "../../model/outcome.ts";
import type { User } from "../../model/user.ts";
import { canonicalUserId } from "../../model/user-ids.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { readUserParam, requireReachableUser, requireUserParam } from "../named-users.ts";
import {
  parseDeletion,
  parseNewUser,
  parseTokenRequest,
  parseUids,
  parseUserChange,
  parseUserQuery,
} from "./cometchat-schema.ts";
import { presentMetadata, writeUsers } from "./fields.ts";

/** CometChat's `/v3/users` (header `apikey`): `{data}`, 200, times in Unix seconds, absent fields absent. */

/** `GET /v3/users` */
export const listCometchatUsers: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { filter, page, perPage, withTags } = parseUserQuery(context.url, app);
  const { parts, total } = await pageUsers(context.env, app, filter, (page - 1) * perPage, perPage);
  async function* write(): AsyncGenerator<string> {
    yield '{"data":[';
    const count = yield* writeUsers(parts, (user) => presentUser(user, withTags));
    const pagination = {
      ...{ total, count, per_page: perPage, current_page: page },
      total_pages: Math.ceil(total / perPage),
    };
    yield `],"meta":${JSON.stringify({ pagination })}}`;
  }
  return jsonPieces(write());
};

/** `POST /v3/users` */
export const postCometchatUser: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { uid: sentAs, fields, withAuthToken } = parseNewUser(await readJsonOrForm(request, true), app);
  const uid = canonicalUserId(app, sentAs);
  const user = requireValue(await getShardStubOf(context.env, app, uid).createUser(uid, fields));
  if (user === null) {
    const message = `The uid ${sentAs} already exists, please choose a new uid.`;
    throw new OnecallError("ERR_UID_ALREADY_EXISTS", message);
  }
  const token = withAuthToken
    ? await issueUserToken(context.env, app, { uid, sentAs }, DEFAULT_TOKEN_TTL_SECONDS)
    : null;
  return json({ data: { ...presentUser(user), ...(token === null ? {} : { authToken: token.token }) } });
};

/** `GET /v3/users/{uid}` */
export const getCometchatUser: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { uid, sentAs } = readUserParam(request, app);
  const user = isStoredUserId(uid) ? await getShardStubOf(context.env, app, uid).getUser(uid) : null;
  if (user === null) throw unknownUser(sentAs);
  return json({ data: presentUser(user) });
};

/** `PUT /v3/users/{uid}`: the given fields only. */
export const putCometchatUser: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { uid, sentAs } = readUserParam(request, app);
  const fields = parseUserChange(await readJsonOrForm(request, true));
  const user = isStoredUserId(uid)
    ? await getShardStubOf(context.env, app, uid).updateUser(uid, fields)
    : null;
  if (user === null) throw unknownUser(sentAs);
  return json({ data: presentUser(user) });
};

/** `DELETE /v3/users/{uid}`: deactivates, which can be undone; with `permanent` the user is gone. */
export const deleteCometchatUser: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const { uid, sentAs } = readUserParam(request, app);
  const isPermanent = parseDeletion(await readOptionalJson(request), context.url, request.headers);
  const isDone =
    isStoredUserId(uid) &&
    (isPermanent
      ? await deleteUserOf(context.env, app, uid, actor)
      : await setUserActiveOf(context.env, app, uid, false, actor));
  if (!isDone) throw unknownUser(sentAs);
  const what = isPermanent ? "deleted" : "deactivated";
  return json({ data: { success: true, message: `The user with the uid ${sentAs} was ${what}.` } });
};

/** `DELETE /v3/users` `{uidsToDeactivate}` */
export const deactivateUsers: Handler = async (request, context) =>
  setActive(request, context, "uidsToDeactivate");

/** `PUT /v3/users` `{uidsToActivate}` */
export const activateUsers: Handler = async (request, context) =>
  setActive(request, context, "uidsToActivate");

/** `POST /v3/users/{uid}/auth_tokens`; a user is created where there is none, as in our own form. */
export const postCometchatToken: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { force, expiresInSeconds } = parseTokenRequest(await readOptionalJson(request));
  const user = await requireReachableUser(request, context.env, app);
  const { uid } = user;
  const [newest] = force ? [] : await listUserTokens(context.env, app, uid);
  const token =
    (newest?.isCurrent ? newest : null) ??
    (await issueUserToken(context.env, app, user, expiresInSeconds ?? DEFAULT_TOKEN_TTL_SECONDS));
  return json({ data: presentToken(uid, token) });
};

/** `GET /v3/users/{uid}/auth_tokens`: those that can be used, the newest first. */
export const listCometchatTokens: Handler = async (request, context) => {
  // What it shows is as good as the user's sign-in.
  const { app } = await authenticate(request, context, "manage");
  const { uid } = requireUserParam(request, app);
  const tokens = await listUserTokens(context.env, app, uid);
  return json({ data: tokens.map((token) => presentToken(uid, token)) });
};

/** `DELETE /v3/users/{uid}/auth_tokens/{token}`: it is refused from then on. One that isn't this user's is none. */
export const deleteCometchatToken: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const { uid, sentAs } = requireUserParam(request, app);
  const given = pathParam(request, "token");
  const token = await verifyFeedToken(context.env, given, "feed", guardLookups(context));
  if (typeof token !== "string" && token.appId === app.id && token.userId === uid) {
    await removeTokenOf(context.env, app, uid, token, actor);
  }
  return json({
    data: { success: true, message: `The user with the uid ${sentAs} has no such token any more.` },
  });
};

async function setActive(
  request: Parameters<Handler>[0],
  context: Parameters<Handler>[1],
  field: "uidsToActivate" | "uidsToDeactivate",
): Promise<Response> {
  const { app, actor } = await authenticate(request, context, "manage");
  const uids = parseUids(await readOptionalJson(request), field, app);
  const isActive = field === "uidsToActivate";
  const changed = await Promise.all(
    uids.map(async (sentAs) => {
      const uid = canonicalUserId(app, sentAs);
      const success = await setUserActiveOf(context.env, app, uid, isActive, actor);
      const what = isActive ? "activated" : "deactivated";
      const message = success
        ? `The user with the uid ${sentAs} was ${what}.`
        : `There is no user ${sentAs}.`;
      return [sentAs, { success, message }] as const;
    }),
  );
  return json({ data: Object.fromEntries(changed) });
}

function unknownUser(uid: string): OnecallError {
  const message = `The user with the uid ${uid.slice(0, 255).toWellFormed()} does not exist.`;
  return new OnecallError("ERR_UID_NOT_FOUND", message);
}

function presentUser(user: User, withTags = true): object {
  const { uid, name, avatar, link, role, statusMessage, metadata, tags } = user;
  return Object.fromEntries(
    Object.entries({
      ...{ uid, name, avatar, link, role, statusMessage, metadata: presentMetadata(metadata) },
      tags: withTags && tags.length > 0 ? tags : null,
      status: user.status === "online" ? "available" : "offline",
      lastActiveAt: seconds(user.lastSeenAt),
      createdAt: seconds(user.createdAt),
      updatedAt: seconds(user.updatedAt),
      deactivatedAt: seconds(user.deactivatedAt),
    }).filter(([, value]) => value !== null),
  );
}

function presentToken(uid: string, { token, issuedAt, expiresAt }: UserToken): object {
  return { uid, authToken: token, createdAt: seconds(issuedAt), expiresAt: seconds(expiresAt) };
}

function seconds(timeMs: number | null): number | null {
  return timeMs === null ? null : Math.floor(timeMs / 1000);
}
