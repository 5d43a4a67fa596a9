import type { Route } from "../http/route.ts";
import { RouteTable } from "../http/route-table.ts";
import { adminRoutes } from "./admin/routes.ts";
import { API } from "./business-messaging/paths.ts";
import { businessMessagingFamilies } from "./business-messaging/routes.ts";
import { campaignsRoutes } from "./campaigns/routes.ts";
import { dashboardRoutes } from "./dashboard/session.ts";
import { feedRoutes } from "./feed/routes.ts";
import { getHealth } from "./health.ts";
import type { Family } from "./openapi/document.ts";
import { DOCUMENT_PATH, documentRoutes } from "./openapi/routes.ts";
import { platformRoutes } from "./platform/routes.ts";
import { UPLOAD_PATH } from "./targets-files.ts";
import { cometchatUserRoutes, sendbirdUserRoutes } from "./users/routes.ts";

/** Every route that the Worker answers, by what belongs together. */
export const FAMILIES: readonly Family[] = [
  ...businessMessagingFamilies,
  {
    name: "Platform",
    description: "Sendbird's form of sends and targets files, with the header Api-Token.",
    routes: platformRoutes,
  },
  { name: "Campaigns", description: "CometChat's send to receivers.", routes: campaignsRoutes },
  {
    name: "CometChat users",
    description: "CometChat's form of the users, with the header apikey.",
    routes: cometchatUserRoutes,
  },
  {
    name: "Sendbird users",
    description: "Sendbird's form of the users, with the header Api-Token.",
    routes: sendbirdUserRoutes,
  },
  { name: "Feed", description: "What a user's client calls, with that user's token.", routes: feedRoutes },
  {
    name: "Dashboard",
    description: "How the dashboard's pages sign in: its cookie counts in calls of its own pages only.",
    routes: dashboardRoutes,
  },
  { name: "Admin", description: "What the operator calls.", routes: adminRoutes },
  {
    name: "Service",
    description: "What the service says of itself, to anybody.",
    routes: [getHealth, ...documentRoutes(() => FAMILIES)],
  },
];

export const ROUTES: readonly Route[] = FAMILIES.flatMap(({ routes }) => routes);

export const ROUTE_TABLE = new RouteTable(ROUTES);

/** Paths that browsers call. */
export function isBrowserPath(path: string): boolean {
  return (
    path === UPLOAD_PATH ||
    path === DOCUMENT_PATH ||
    path === `${API}/feed` ||
    path.startsWith(`${API}/feed/`)
  );
}
