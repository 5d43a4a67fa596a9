import type { Route } from "../../http/route.ts";
import { postPlatformSend } from "./send.ts";
import { targetsFileRoutes } from "./targets-files.ts";

/** The platform family (seed 004). */
export const platformRoutes: Route[] = [postPlatformSend, ...targetsFileRoutes];
