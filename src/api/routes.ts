import type { Route } from "../http/router.ts";
import { adminRoutes } from "./admin/routes.ts";
import { API, businessMessagingRoutes } from "./business-messaging/routes.ts";
import { campaignsRoutes } from "./campaigns/routes.ts";
import { feedRoutes } from "./feed/routes.ts";
import { getHealth } from "./health.ts";
import { platformRoutes } from "./platform/routes.ts";
import { UPLOAD_PATH } from "./targets-files.ts";
import { vendorUserRoutes } from "./users/routes.ts";

export const HEALTH_PATH = "/health";

/** Every route that the Worker answers. */
export const ROUTES: readonly Route[] = [
  ...businessMessagingRoutes,
  ...vendorUserRoutes,
  ...platformRoutes,
  ...campaignsRoutes,
  ...feedRoutes(API),
  ...adminRoutes,
  ["GET", HEALTH_PATH, getHealth],
];

/** Paths that browsers call. */
export function isBrowserPath(path: string): boolean {
  return path === UPLOAD_PATH || path === `${API}/feed` || path.startsWith(`${API}/feed/`);
}
