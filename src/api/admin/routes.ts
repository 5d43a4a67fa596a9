import type { Route } from "../../http/route.ts";
import { deleteApp, getApps, getErasure, getOneApp, postApp, putApp } from "./apps.ts";
import { deleteKey, getKeys, getOneKey, postKey, postRootSecret, postSignInCode } from "./keys.ts";
import { getAudit, getOneStatus, getStatus } from "./status.ts";

/** The operator's routes. */
export const adminRoutes: Route[] = [
  postApp,
  getApps,
  getOneApp,
  putApp,
  deleteApp,
  getErasure,
  postKey,
  getKeys,
  getOneKey,
  deleteKey,
  postRootSecret,
  postSignInCode,
  getStatus,
  getOneStatus,
  getAudit,
];
