import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { readOptionalJson } from "../../http/body.ts";
import { DEFAULT_TOKEN_TTL_SECONDS, verifyFeedToken } from "../../http/feed-tokens.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { guardLookups } from "../../http/stranger-limit.ts";
import { removeTokenOf } from "../../managing/change-user.ts";
import { issueUserToken, listUserTokens, type UserToken } from "../../managing/issue-token.ts";
import { requireReachableUser, requireUserParam } from "../named-users.ts";
import { CometchatTokenSchema, dataOf, SuccessSchema } from "./answers.ts";
import { seconds } from "./cometchat.ts";
import { parseTokenRequest, TokenSchema } from "./cometchat-schema.ts";
import { USERS_PATH } from "./paths.ts";

/** CometChat's tokens of a user, under `/v3/users/{uid}/auth_tokens`. */

export const postCometchatToken = defineRoute({
  id: "createCometchatToken",
  method: "POST",
  path: `${USERS_PATH}/:uid/auth_tokens`,
  access: byApiKey("manage"),
  summary: "A token for a user's client",
  body: ownBody(TokenSchema, { isOptional: true }),
  answers: { 200: dataOf(CometchatTokenSchema) },
  errors: ["ERR_QUOTA_EXCEEDED", "ERR_CONFLICT"],
  handle: async ({ app, env, request, params }) => {
    const { force, expiresInSeconds } = parseTokenRequest(await readOptionalJson(request));
    const user = await requireReachableUser(params.uid, env, app);
    const { uid } = user;
    const [newest] = force ? [] : await listUserTokens(env, app, uid);
    const token =
      (newest?.isCurrent ? newest : null) ??
      (await issueUserToken(env, app, user, expiresInSeconds ?? DEFAULT_TOKEN_TTL_SECONDS));
    return json({ data: presentToken(uid, token) });
  },
});

export const listCometchatTokens = defineRoute({
  id: "listCometchatTokens",
  method: "GET",
  path: `${USERS_PATH}/:uid/auth_tokens`,
  access: byApiKey("manage"),
  summary: "Tokens that can be used, the newest first",
  answers: { 200: dataOf(v.array(CometchatTokenSchema)) },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    // The tokens that it shows are as good as the user's sign-in.
    const { uid } = requireUserParam(params.uid, app);
    const tokens = await listUserTokens(env, app, uid);
    return json({ data: tokens.map((token) => presentToken(uid, token)) });
  },
});

export const deleteCometchatToken = defineRoute({
  id: "deleteCometchatToken",
  method: "DELETE",
  path: `${USERS_PATH}/:uid/auth_tokens/:token`,
  access: byApiKey("manage"),
  summary: "Refuse a token from now on",
  answers: { 200: dataOf(SuccessSchema) },
  handle: async (call) => {
    const { app, actor, env, params } = call;
    const { uid, sentAs } = requireUserParam(params.uid, app);
    const given = params.token;
    const verified = await verifyFeedToken(env, given, "feed", guardLookups(call));
    if (verified.ok && verified.value.appId === app.id && verified.value.userId === uid) {
      await removeTokenOf({ env, app, uid }, verified.value, actor);
    }
    return json({
      data: { success: true, message: `The user with the uid ${sentAs} has no such token any more.` },
    });
  },
});

function presentToken(uid: string, { token, issuedAt, expiresAt }: UserToken): object {
  return { uid, authToken: token, createdAt: seconds(issuedAt), expiresAt: seconds(expiresAt) };
}
