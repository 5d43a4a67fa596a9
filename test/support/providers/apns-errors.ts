import { type Answer, htmlAnswer } from "./answers.ts";

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
const STATUS_OF = {
  BadCollapseId: 400,
  BadDeviceToken: 400,
  BadExpirationDate: 400,
  BadMessageId: 400,
  /** Not in Apple's list; APNs says so to a body that isn't a JSON object. */
  BadPayload: 400,
  BadPriority: 400,
  DeviceTokenNotForTopic: 400,
  InvalidPushType: 400,
  MissingTopic: 400,
  PayloadEmpty: 400,
  ExpiredProviderToken: 403,
  InvalidProviderToken: 403,
  MissingProviderToken: 403,
  BadPath: 404,
  MethodNotAllowed: 405,
  Unregistered: 410,
  PayloadTooLarge: 413,
  TooManyProviderTokenUpdates: 429,
  TooManyRequests: 429,
  InternalServerError: 500,
  ServiceUnavailable: 503,
} as const;
export type ApnsReason = keyof typeof STATUS_OF;

const REASON_OF = new Map<number, ApnsReason>([
  [400, "BadDeviceToken"],
  [403, "InvalidProviderToken"],
  [404, "BadPath"],
  [405, "MethodNotAllowed"],
  [410, "Unregistered"],
  [413, "PayloadTooLarge"],
  [429, "TooManyRequests"],
  [500, "InternalServerError"],
  [503, "ServiceUnavailable"],
]);

export function apnsErrorAnswer(reason: ApnsReason, apnsId: string, timestamp?: number): Answer {
  return {
    status: STATUS_OF[reason],
    headers: { "apns-id": apnsId, "content-type": "application/json" },
    // JSON leaves an absent timestamp out.
    body: JSON.stringify({ reason, timestamp }),
  };
}

/** What APNs answers with this status; a 410 says that the device is gone since now. */
export function apnsAnswerWith(status: number, apnsId: string): Answer {
  if (status < 300) {
    return { status, headers: { "apns-id": apnsId } };
  }
  const reason = REASON_OF.get(status);
  return reason
    ? apnsErrorAnswer(reason, apnsId, status === 410 ? Date.now() : undefined)
    : htmlAnswer(status);
}
