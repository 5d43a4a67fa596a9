/** Where the dashboard's pages are, and what they sign in with. */
export const DASHBOARD_PATH = "/dashboard";
/** Files of the pages, which are served without the Worker. */
export const DASHBOARD_ASSETS = "/dashboard/assets/";

export function isDashboardPath(path: string): boolean {
  return path === DASHBOARD_PATH || path.startsWith(`${DASHBOARD_PATH}/`);
}
