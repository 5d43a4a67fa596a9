import type { Route } from "../../http/router.ts";
import { postPlatformSend } from "./send.ts";
import { targetsFileRoutes } from "./targets-files.ts";

/** The platform family (seed 004). */
export const platformRoutes: Route[] = [
  ["POST", "/v1/notifications/messages", postPlatformSend],
  ["POST", "/v2/notifications/messages", postPlatformSend],
  ...targetsFileRoutes,
];
