import * as v from "valibot";

/**
 * The message of FCM HTTP v1, names as in the reference (proto3's camelCase spelling isn't taken).
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */

const MAX_TTL_SECONDS = 28 * 24 * 3600;

const text = v.optional(v.string());
const flag = v.optional(v.boolean());
const strings = v.optional(v.record(v.string(), v.string()));
const list = v.optional(v.array(v.string()));
const json = v.optional(v.record(v.string(), v.unknown()));
const duration = v.pipe(v.string(), v.regex(/^\d+(\.\d{1,9})?s$/));
const colorPart = v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)));
const fcmOptions = v.optional(v.strictObject({ analytics_label: text }));

/** Reserved: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages#Message.FIELDS.data */
const data = v.optional(
  v.pipe(
    v.record(v.string(), v.string()),
    v.check(
      (pairs) => !Object.keys(pairs).some((key) => /^(from$|message_type$|gcm|google\.)/.test(key)),
      "Invalid data payload key",
    ),
  ),
);

const notification = v.optional(v.strictObject({ title: text, body: text, image: text }));

const androidNotification = v.strictObject({
  title: text,
  body: text,
  icon: text,
  color: v.optional(v.pipe(v.string(), v.regex(/^#[0-9a-fA-F]{6}$/))),
  sound: text,
  tag: text,
  click_action: text,
  body_loc_key: text,
  body_loc_args: list,
  title_loc_key: text,
  title_loc_args: list,
  channel_id: text,
  ticker: text,
  sticky: flag,
  event_time: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  local_only: flag,
  notification_priority: v.optional(
    v.picklist([
      "PRIORITY_UNSPECIFIED",
      "PRIORITY_MIN",
      "PRIORITY_LOW",
      "PRIORITY_DEFAULT",
      "PRIORITY_HIGH",
      "PRIORITY_MAX",
    ]),
  ),
  default_sound: flag,
  default_vibrate_timings: flag,
  default_light_settings: flag,
  vibrate_timings: v.optional(v.array(duration)),
  visibility: v.optional(v.picklist(["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"])),
  notification_count: v.optional(v.pipe(v.number(), v.integer())),
  light_settings: v.optional(
    v.strictObject({
      color: v.strictObject({ red: colorPart, green: colorPart, blue: colorPart, alpha: colorPart }),
      light_on_duration: duration,
      light_off_duration: duration,
    }),
  ),
  image: text,
  proxy: v.optional(v.picklist(["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"])),
});

const android = v.strictObject({
  collapse_key: text,
  priority: v.optional(v.picklist(["normal", "high", "NORMAL", "HIGH"])),
  ttl: v.optional(
    v.pipe(
      duration,
      v.check((ttl) => Number(ttl.slice(0, -1)) <= MAX_TTL_SECONDS, "Invalid TTL"),
    ),
  ),
  restricted_package_name: text,
  data,
  notification: v.optional(androidNotification),
  fcm_options: fcmOptions,
  direct_boot_ok: flag,
  bandwidth_constrained_ok: flag,
  restricted_satellite_ok: flag,
});

const webpush = v.strictObject({
  headers: strings,
  data: strings,
  notification: json,
  fcm_options: v.optional(v.strictObject({ link: text, analytics_label: text })),
});

const apns = v.strictObject({
  headers: strings,
  payload: json,
  live_activity_token: text,
  fcm_options: v.optional(v.strictObject({ analytics_label: text, image: text })),
});

const requestSchema = v.strictObject({
  validate_only: v.optional(v.literal(false)),
  message: v.strictObject({
    token: text,
    topic: text,
    condition: text,
    notification,
    data,
    android: v.optional(android),
    webpush: v.optional(webpush),
    apns: v.optional(apns),
    fcm_options: fcmOptions,
  }),
});
export type FcmMessage = v.InferOutput<typeof requestSchema>["message"];

/** @returns the message, or what FCM says is wrong with it. */
export function parseFcmMessage(body: string): FcmMessage | { fault: string } {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    return { fault: "Invalid JSON payload received. Unexpected token." };
  }
  const result = v.safeParse(requestSchema, input, { abortEarly: true });
  return result.success ? result.output.message : { fault: describe(result.issues[0]) };
}

function describe(issue: v.BaseIssue<unknown>): string {
  const keys = issue.path?.map(({ key }) => String(key)) ?? [];
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `Invalid JSON payload received. Unknown name "${keys.at(-1)}" at '${keys.slice(0, -1).join(".")}': Cannot find field.`;
  }
  return `Invalid value at '${keys.join(".")}': ${issue.message}`;
}
