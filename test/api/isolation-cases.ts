import { adminRoutes } from "../../src/api/admin/routes.ts";
import { businessMessagingFamilies } from "../../src/api/business-messaging/routes.ts";
import { campaignsRoutes } from "../../src/api/campaigns/routes.ts";
import { feedRoutes } from "../../src/api/feed/routes.ts";
import { platformRoutes } from "../../src/api/platform/routes.ts";
import { UPLOAD_PATH } from "../../src/api/targets-files.ts";
import type { Route } from "../../src/http/route.ts";
import { casesOf } from "../support/routes.ts";

/** App A calls with what is app B's. */
export interface Strangers {
  idOfA: string;
  idOfB: string;
  /** B's ids and keys by path parameter: all that A might try. */
  idsOfB: Record<string, string[]>;
}

/** A device's token that both apps register: each has it for itself. */
export const SHARED_TOKEN = "a-token-of-both";

const TAKES_RANGE = /\/analytics\/(channels|templates|tags|notifications)/;

/** Every path of a route's pattern with B's ids in it; A's own id where an app is named. */
export function pathsOf(pattern: string, { idOfA, idsOfB }: Strangers): string[] {
  const names = [...pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  return names.reduce(
    (paths, name) => {
      const ids = name === "app" ? [idOfA] : (idsOfB[name] ?? []);
      return ids.flatMap((id) => paths.map((path) => path.replace(`:${name}`, encodeURIComponent(id))));
    },
    [pattern + (TAKES_RANGE.test(pattern) ? "?from=2026-01-01&to=2026-01-02" : "")],
  );
}

/** A body that each route would take, naming B wherever something can be named. */
export function bodyOf(method: string, pattern: string, { idOfB, idsOfB }: Strangers): object | undefined {
  if (method === "GET" || method === "DELETE") return undefined;
  if (pattern.endsWith("/send")) {
    return {
      appId: idOfB,
      appid: idOfB,
      template: { key: "bee-template", variables: { value: "x" } },
      targets: ["bee"],
      mode: "realtime",
    };
  }
  if (pattern.endsWith("/messages")) {
    const variables = { bee: { value: "x" } };
    return /^\/v[12]\//.test(pattern)
      ? { template: { key: "bee-template", variables }, targets: ["bee"], mode: "realtime" }
      : { templateId: "bee-template", receivers: ["bee"], variables };
  }
  if (pattern.endsWith("/addresses/webhook")) return { url: "https://hooks.from-a.com/" };
  if (pattern.endsWith("/devices")) return { provider: "fcm", token: SHARED_TOKEN };
  if (pattern.endsWith("/events")) {
    const event = { userId: "bee", channelType: "in_app", eventType: "viewed" };
    return { ...event, notificationId: idsOfB.notification?.[0] };
  }
  if (pattern.endsWith("/recover")) return { since: "2026-01-01" };
  if (pattern.endsWith("/test")) return { userId: "bee" };
  if (pattern.endsWith("/preview")) return { variables: { value: "x" } };
  if (pattern.endsWith("/channels")) return { name: "From A", type: "in_app" };
  if (pattern.endsWith("/templates")) return { name: "From A", channelKeys: [] };
  if (pattern.endsWith("/webhooks")) {
    return { url: "https://hooks.from-a.com/", events: ["notification.failed"] };
  }
  if (pattern.endsWith("/users")) return { uid: "bee", name: "From A" };
  if (pattern.endsWith("/feed/viewed")) {
    return { items: (idsOfB.notification ?? []).map((notificationId) => ({ notificationId })) };
  }
  if (/\/(auth_tokens|presigned[-_]urls)$/.test(pattern) || pattern.includes("/feed/")) return {};
  if (pattern.endsWith("/keys")) return { name: "From A", scopes: ["read"] };
  if (pattern.endsWith("/templates/:template")) return { name: "From A", status: "archived" };
  if (pattern.endsWith("/channels/:channel")) return { name: "From A", enabled: false };
  if (pattern.endsWith("/webhooks/:webhook")) return { enabled: false };
  return pattern.endsWith("/users/:uid") ? { name: "From A" } : {};
}

/** Routes where A is let in: they read or make A's own things, whatever B calls its own. */
const OWN: string[] = [
  "auth_tokens",
  "read_only",
  "feed",
  "read-all",
  "push-keys",
  "rotate-root-secret",
  "socket-ticket",
  "unread-count",
  "channels",
  "templates",
  "users",
  "user-count",
  "sign-in-codes",
  "notifications",
  "availability",
  "targets-files",
  "targets_files",
  "presigned-urls",
  "presigned_urls",
  "keys",
  "status",
  "devices",
  "audit-log",
  "webhooks",
];
/** A's own numbers under a name that B has as well: none. */
const OWN_NUMBERS = /\/analytics\/(channels|tags|users)/;
export const isOwn = (pattern: string) =>
  OWN.includes(pattern.split("/").at(-1) ?? "") ||
  OWN_NUMBERS.test(pattern) ||
  pattern.endsWith("/feed/viewed");
/** A's own address under a uid that B has as well: there is none before A puts one. */
export const allowedFor = (pattern: string): readonly number[] => {
  if (pattern.endsWith("/addresses/webhook")) return [200, 201, 404];
  return isOwn(pattern) ? [200, 201] : [404];
};

// The upload route knows no app but by its signature: test/audiences/upload.test.ts has its access tests.
export const serverRoutes = pairsOf([
  ...businessMessagingFamilies.flatMap(({ routes }) => routes),
  ...platformRoutes,
  ...campaignsRoutes,
]).filter(([, pattern]) => pattern !== UPLOAD_PATH);
export const userRoutes = pairsOf(feedRoutes).filter(([, pattern]) => !pattern.endsWith("/socket"));
export const appRoutes = pairsOf(adminRoutes).filter(([, pattern]) => pattern.includes("/:app/"));

function pairsOf(routes: readonly Route[]): (readonly [method: string, pattern: string])[] {
  return casesOf(routes).map(({ method, pattern }) => [method, pattern] as const);
}
