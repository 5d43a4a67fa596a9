import type { Route } from "../http/route.ts";
import { RouteTable } from "../http/route-table.ts";
import { adminRoutes } from "./admin/routes.ts";
import { API } from "./business-messaging/paths.ts";
import { businessMessagingRoutes } from "./business-messaging/routes.ts";
import { campaignsRoutes } from "./campaigns/routes.ts";
import { feedRoutes } from "./feed/routes.ts";
import { getHealth } from "./health.ts";
import { platformRoutes } from "./platform/routes.ts";
import { UPLOAD_PATH } from "./targets-files.ts";
import { cometchatUserRoutes, sendbirdUserRoutes } from "./users/routes.ts";

/** Every route that the Worker answers. */
export const ROUTES: readonly Route[] = [
  ...businessMessagingRoutes,
  ...cometchatUserRoutes,
  ...sendbirdUserRoutes,
  ...platformRoutes,
  ...campaignsRoutes,
  ...feedRoutes,
  ...adminRoutes,
  getHealth,
];

export const ROUTE_TABLE = new RouteTable(ROUTES);

/** Paths that browsers call. */
export function isBrowserPath(path: string): boolean {
  return path === UPLOAD_PATH || path === `${API}/feed` || path.startsWith(`${API}/feed/`);
}
