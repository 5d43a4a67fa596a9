import type { DispatchNotification } from "../../model/dispatch.ts";
import { MAX_PUSH_TTL_SECONDS } from "../../model/limits.ts";
import type { Json } from "../../model/template.ts";

type JsonObject = { [key: string]: Json };

/** A push before it takes a provider's form. */
export interface PushMessage {
  notificationId: string;
  title: string;
  body: string;
  /** URL. */
  image: string | null;
  action: { type: string; data: string } | null;
  /** The content's own pairs, then the request's push data. */
  data: Record<string, string>;
  priority: "high" | "normal" | "low";
  /** Seconds that a provider may keep it. */
  ttlSeconds: number;
  /** Unix seconds. */
  expiresAtSeconds: number;
  /** The content's parts for one platform. */
  android: JsonObject;
  apns: JsonObject;
  webpush: JsonObject;
}

/**
 * The push that a rendered content (JSON) stands for. What a template can't promise (a title that became an
 * image, an action without data) is made the nearest thing that a device can show.
 */
export function readPushMessage(
  notification: DispatchNotification,
  content: string,
  now: number,
): PushMessage {
  const fields = toObject(JSON.parse(content));
  const expiresAtSeconds = Math.floor(notification.expiresAt / 1000);
  const secondsLeft = expiresAtSeconds - Math.floor(now / 1000);
  return {
    notificationId: notification.id,
    title: toText(fields.title),
    body: toText(fields.body),
    image: toText(fields.image) || null,
    action: readAction(fields.action),
    data: { ...toPairs(fields.data), ...notification.pushData },
    priority: notification.priority,
    ttlSeconds: Math.min(Math.max(secondsLeft, 0), MAX_PUSH_TTL_SECONDS),
    expiresAtSeconds,
    android: toObject(fields.android),
    apns: toObject(fields.apns),
    webpush: toObject(fields.webpush),
  };
}

/** A push's pairs as every provider's data has them. The service's own names win. */
export function dataOf({ data, notificationId, action, image }: PushMessage): Record<string, string> {
  return {
    ...data,
    notificationId,
    ...(action === null ? {} : { action: JSON.stringify(action) }),
    ...(image === null ? {} : { image }),
  };
}

/** The notification's id as 32 hex digits: Web Push topics have at most 32 characters (RFC 8030, section 5.4). */
export function topicOf({ notificationId }: PushMessage): string {
  return notificationId.replaceAll("-", "");
}

export function toObject(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

// An image is its url, an action its data: as inside a text of the template.
function toText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return String(value);
  const { url, data } = toObject(value);
  return typeof url === "string" ? url : typeof data === "string" ? data : "";
}

function readAction(value: Json | undefined): PushMessage["action"] {
  if (typeof value === "string" && value !== "") return { type: "web", data: value };
  const { type, data } = toObject(value);
  return typeof type === "string" && typeof data === "string" ? { type, data } : null;
}

function toPairs(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(toObject(value)).map(([name, pair]) => [
      name,
      typeof pair === "string" ? pair : JSON.stringify(pair),
    ]),
  );
}
