import { byApiKey } from "../../http/access.ts";
import type { Caller } from "../../http/auth.ts";
import { readJsonOrForm, readOptionalJson } from "../../http/body.ts";
import type { Context } from "../../http/context.ts";
import { DEFAULT_TOKEN_TTL_SECONDS } from "../../http/feed-tokens.ts";
import { jsonPieces } from "../../http/json-pieces.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody, ownQuery } from "../../http/route-input.ts";
import { deleteUserOf, findUserOf, setUserActiveOf, updateUserOf } from "../../managing/change-user.ts";
import { issueUserToken } from "../../managing/issue-token.ts";
import { pageUsers } from "../../managing/page-users.ts";
import { OnecallError } from "../../model/errors.ts";
import { requireValue } from "../../model/outcome.ts";
import type { User } from "../../model/user.ts";
import { canonicalUserId, KEEPS_USER_IDS } from "../../model/user-ids.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { isTaken, readUserParam, requireOfUser } from "../named-users.ts";
import {
  ChangedUsersSchema,
  CometchatUserPageSchema,
  CometchatUserSchema,
  dataOf,
  SuccessSchema,
} from "./answers.ts";
import {
  DeletionSchema,
  newUserSchema,
  parseDeletion,
  parseNewUser,
  parseUids,
  parseUserChange,
  parseUserQuery,
  QuerySchema,
  UserChangeSchema,
  uidsBody,
} from "./cometchat-schema.ts";
import { COMETCHAT_USER_EXAMPLES } from "./examples.ts";
import { presentMetadata, writeUsers } from "./fields.ts";
import { USERS_PATH } from "./paths.ts";

const JSON_OR_FORM = [
  "application/json",
  "multipart/form-data",
  "application/x-www-form-urlencoded",
] as const;

/** CometChat's `/v3/users` (header `apikey`): `{data}`, 200, times in Unix seconds, absent fields absent. */

export const listCometchatUsers = defineRoute({
  id: "listCometchatUsers",
  method: "GET",
  path: USERS_PATH,
  access: byApiKey("read"),
  summary: "Users, by page",
  query: ownQuery(QuerySchema),
  answers: { 200: CometchatUserPageSchema },
  handle: async ({ app, env, url }) => {
    const { filter, page, perPage, withTags } = parseUserQuery(url, app);
    const { parts, total } = await pageUsers(env, app, filter, (page - 1) * perPage, perPage);
    async function* write(): AsyncGenerator<string> {
      yield '{"data":[';
      const count = yield* writeUsers(parts, (user) => presentUser(user, withTags));
      const pagination = {
        total,
        count,
        per_page: perPage,
        current_page: page,
        total_pages: Math.ceil(total / perPage),
      };
      yield `],"meta":${JSON.stringify({ pagination })}}`;
    }
    return jsonPieces(write());
  },
});

export const postCometchatUser = defineRoute({
  id: "createCometchatUser",
  method: "POST",
  path: USERS_PATH,
  access: byApiKey("manage"),
  summary: "Make a user",
  body: ownBody(newUserSchema(KEEPS_USER_IDS), { mediaTypes: JSON_OR_FORM }),
  answers: { 200: dataOf(CometchatUserSchema) },
  errors: ["ERR_UID_ALREADY_EXISTS", "ERR_QUOTA_EXCEEDED"],
  examples: COMETCHAT_USER_EXAMPLES,
  handle: async ({ app, env, request }) => {
    const { uid: sentAs, fields, withAuthToken } = parseNewUser(await readJsonOrForm(request, true), app);
    const uid = canonicalUserId(app, sentAs);
    const created = await getShardStubOf(env, app, uid).createUser(uid, fields);
    if (isTaken(created)) {
      const message = `The uid ${sentAs} already exists, please choose a new uid.`;
      throw new OnecallError("ERR_UID_ALREADY_EXISTS", message);
    }
    const user = presentUser(requireValue(created));
    const token = withAuthToken
      ? await issueUserToken(env, app, { uid, sentAs }, DEFAULT_TOKEN_TTL_SECONDS)
      : null;
    return json({ data: { ...user, ...(token === null ? {} : { authToken: token.token }) } });
  },
});

export const getCometchatUser = defineRoute({
  id: "getCometchatUser",
  method: "GET",
  path: `${USERS_PATH}/:uid`,
  access: byApiKey("read"),
  summary: "A user",
  answers: { 200: dataOf(CometchatUserSchema) },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const { uid, sentAs } = readUserParam(params.uid, app);
    const user = await findUserOf({ env, app, uid });
    return json({ data: presentUser(requireOfUser(user, () => unknownUser(sentAs))) });
  },
});

export const putCometchatUser = defineRoute({
  id: "updateCometchatUser",
  method: "PUT",
  path: `${USERS_PATH}/:uid`,
  access: byApiKey("manage"),
  summary: "Change the given fields",
  body: ownBody(UserChangeSchema, { mediaTypes: JSON_OR_FORM }),
  answers: { 200: dataOf(CometchatUserSchema) },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async ({ app, env, request, params }) => {
    const { uid, sentAs } = readUserParam(params.uid, app);
    const fields = parseUserChange(await readJsonOrForm(request, true));
    const user = await updateUserOf({ env, app, uid }, fields);
    return json({ data: presentUser(requireOfUser(user, () => unknownUser(sentAs))) });
  },
});

export const deleteCometchatUser = defineRoute({
  id: "deleteCometchatUser",
  method: "DELETE",
  path: `${USERS_PATH}/:uid`,
  access: byApiKey("manage"),
  summary: "Deactivate a user, which can be undone; with permanent the user is gone",
  query: ownQuery(DeletionSchema),
  body: ownBody(DeletionSchema, { isOptional: true }),
  answers: { 200: dataOf(SuccessSchema) },
  errors: ["ERR_UID_NOT_FOUND"],
  handle: async ({ app, actor, env, url, request, params }) => {
    const { uid, sentAs } = readUserParam(params.uid, app);
    const isPermanent = parseDeletion(await readOptionalJson(request), url, request.headers);
    const user = { env, app, uid };
    const done = isPermanent ? await deleteUserOf(user, actor) : await setUserActiveOf(user, false, actor);
    requireOfUser(done, () => unknownUser(sentAs));
    const what = isPermanent ? "deleted" : "deactivated";
    return json({ data: { success: true, message: `The user with the uid ${sentAs} was ${what}.` } });
  },
});

export const deactivateUsers = defineRoute({
  id: "deactivateUsers",
  method: "DELETE",
  path: USERS_PATH,
  access: byApiKey("manage"),
  summary: "Deactivate users",
  body: ownBody(uidsBody("uidsToDeactivate", KEEPS_USER_IDS), { isOptional: true }),
  answers: { 200: dataOf(ChangedUsersSchema) },
  handle: (call) => setActive(call, "uidsToDeactivate"),
});

export const activateUsers = defineRoute({
  id: "activateUsers",
  method: "PUT",
  path: USERS_PATH,
  access: byApiKey("manage"),
  summary: "Activate users",
  body: ownBody(uidsBody("uidsToActivate", KEEPS_USER_IDS), { isOptional: true }),
  answers: { 200: dataOf(ChangedUsersSchema) },
  handle: (call) => setActive(call, "uidsToActivate"),
});

async function setActive(
  { request, app, actor, env }: Caller & Pick<Context, "env"> & { request: Request },
  field: "uidsToActivate" | "uidsToDeactivate",
): Promise<Response> {
  const uids = parseUids(await readOptionalJson(request), field, app);
  const isActive = field === "uidsToActivate";
  const changed = await Promise.all(
    uids.map(async (sentAs) => {
      const uid = canonicalUserId(app, sentAs);
      const { ok: success } = await setUserActiveOf({ env, app, uid }, isActive, actor);
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
      uid,
      name,
      avatar,
      link,
      role,
      statusMessage,
      metadata: presentMetadata(metadata),
      tags: withTags && tags.length > 0 ? tags : null,
      status: user.status === "online" ? "available" : "offline",
      lastActiveAt: seconds(user.lastSeenAt),
      createdAt: seconds(user.createdAt),
      updatedAt: seconds(user.updatedAt),
      deactivatedAt: seconds(user.deactivatedAt),
    }).filter(([, value]) => value !== null),
  );
}

export function seconds(timeMs: number | null): number | null {
  return timeMs === null ? null : Math.floor(timeMs / 1000);
}
