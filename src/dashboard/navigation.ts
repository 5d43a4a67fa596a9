import type { DashboardSession } from "../client/api-types.ts";
import { isOperator, may } from "./session.ts";

/** A page in the navigation. */
export interface NavigationItem {
  label: string;
  /** Below the app's address. */
  path: string;
  /** What its calls need, beside `read`, which every page begins with: without it the page isn't named. */
  scope: DashboardSession["scopes"][number];
  /** Only the operator's calls do it. */
  isOperators?: boolean;
}

/**
 * The app's pages by what one wants, in their order. A page that is made adds its row here and its route to `app.tsx`.
 * Schedules and campaigns will stand beside Send, plans within it; pause and cancel on a notification's page.
 */
export const NAVIGATION: readonly { group: string; items: readonly NavigationItem[] }[] = [
  {
    group: "Sending",
    items: [
      { label: "Home", path: "home", scope: "read" },
      { label: "Send", path: "send", scope: "send" },
      { label: "Notifications", path: "notifications", scope: "read" },
      { label: "Files", path: "files", scope: "read" },
      { label: "Analytics", path: "analytics", scope: "read" },
    ],
  },
  {
    group: "Content",
    items: [
      { label: "Templates", path: "templates", scope: "read" },
      { label: "Channels", path: "channels", scope: "read" },
    ],
  },
  { group: "People", items: [{ label: "Users", path: "users", scope: "read" }] },
  {
    group: "Settings",
    items: [
      { label: "Webhooks", path: "webhooks", scope: "read" },
      { label: "API keys", path: "api-keys", scope: "manage", isOperators: true },
      { label: "Audit log", path: "audit-log", scope: "manage" },
      { label: "App", path: "app", scope: "manage", isOperators: true },
    ],
  },
];

/** Those that who is signed in may see; a group of which nothing is left isn't named. */
export function visiblePages(): typeof NAVIGATION {
  const isVisible = ({ scope, isOperators = false }: NavigationItem) =>
    may("read") && may(scope) && (!isOperators || isOperator());
  return NAVIGATION.map(({ group, items }) => ({ group, items: items.filter(isVisible) })).filter(
    ({ items }) => items.length > 0,
  );
}

/** The first of an app's pages that who is signed in may see. */
export function firstPageOf(app: string): string {
  const [first] = visiblePages();
  return `/dashboard/${encodeURIComponent(app)}/${first?.items[0]?.path ?? "home"}`;
}
