import type { Handler } from "../../http/context.ts";
import type { Route } from "../../http/router.ts";
import {
  activateUsers,
  deactivateUsers,
  deleteCometchatToken,
  deleteCometchatUser,
  getCometchatUser,
  listCometchatTokens,
  listCometchatUsers,
  postCometchatToken,
  postCometchatUser,
  putCometchatUser,
} from "./cometchat.ts";
import { isSendbirdCall, USERS_PATH } from "./paths.ts";
import {
  deleteSendbirdUser,
  getSendbirdUser,
  listSendbirdUsers,
  postSendbirdToken,
  postSendbirdUser,
  putSendbirdUser,
} from "./sendbird.ts";
import { deletePushToken, getPushToken, listPushTokens, postPushToken } from "./sendbird-push.ts";

/** Both vendors have `/v3/users`: the credentials say whose form is meant. Our own is at `{api}/users`. */
export const vendorUserRoutes: Route[] = [
  ["GET", USERS_PATH, byVendor(listCometchatUsers, listSendbirdUsers)],
  ["POST", USERS_PATH, byVendor(postCometchatUser, postSendbirdUser)],
  ["PUT", USERS_PATH, byVendor(activateUsers, null)],
  ["DELETE", USERS_PATH, byVendor(deactivateUsers, null)],
  ["GET", `${USERS_PATH}/:uid`, byVendor(getCometchatUser, getSendbirdUser)],
  ["PUT", `${USERS_PATH}/:uid`, byVendor(putCometchatUser, putSendbirdUser)],
  ["DELETE", `${USERS_PATH}/:uid`, byVendor(deleteCometchatUser, deleteSendbirdUser)],
  ["POST", `${USERS_PATH}/:uid/auth_tokens`, byVendor(postCometchatToken, null)],
  ["GET", `${USERS_PATH}/:uid/auth_tokens`, byVendor(listCometchatTokens, null)],
  ["DELETE", `${USERS_PATH}/:uid/auth_tokens/:token`, byVendor(deleteCometchatToken, null)],
  ["POST", `${USERS_PATH}/:uid/token`, byVendor(null, postSendbirdToken)],
  ["POST", `${USERS_PATH}/:uid/push/:type`, byVendor(null, postPushToken)],
  ["GET", `${USERS_PATH}/:uid/push/:type`, byVendor(null, listPushTokens)],
  ["GET", `${USERS_PATH}/:uid/push/:type/:token`, byVendor(null, getPushToken)],
  ["DELETE", `${USERS_PATH}/:uid/push/:type/:token`, byVendor(null, deletePushToken)],
];

/** Null: that vendor has no such call. Then it is the other's, who misses its own credentials. */
function byVendor(cometchat: Handler | null, sendbird: Handler | null): Handler {
  return (request, context) => {
    const isSendbird = isSendbirdCall(request.headers);
    const handler = isSendbird ? (sendbird ?? cometchat) : (cometchat ?? sendbird);
    if (handler === null) throw new Error("A route that is neither vendor's");
    return handler(request, context);
  };
}
