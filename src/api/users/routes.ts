import type { Route } from "../../http/route.ts";
import {
  activateUsers,
  deactivateUsers,
  deleteCometchatUser,
  getCometchatUser,
  listCometchatUsers,
  postCometchatUser,
  putCometchatUser,
} from "./cometchat.ts";
import { deleteCometchatToken, listCometchatTokens, postCometchatToken } from "./cometchat-tokens.ts";
import {
  deleteSendbirdUser,
  getSendbirdUser,
  listSendbirdUsers,
  postSendbirdToken,
  postSendbirdUser,
  putSendbirdUser,
} from "./sendbird.ts";
import { deletePushToken, getPushToken, listPushTokens, postPushToken } from "./sendbird-push.ts";

/** CometChat's form of the users (header `apikey`). Our own is at `{api}/users`. */
export const cometchatUserRoutes: Route[] = [
  listCometchatUsers,
  postCometchatUser,
  activateUsers,
  deactivateUsers,
  getCometchatUser,
  putCometchatUser,
  deleteCometchatUser,
  postCometchatToken,
  listCometchatTokens,
  deleteCometchatToken,
];

/** Sendbird's form (header `Api-Token`), at the same paths. */
export const sendbirdUserRoutes: Route[] = [
  listSendbirdUsers,
  postSendbirdUser,
  getSendbirdUser,
  putSendbirdUser,
  deleteSendbirdUser,
  postSendbirdToken,
  postPushToken,
  listPushTokens,
  getPushToken,
  deletePushToken,
];
