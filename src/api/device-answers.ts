import * as v from "valibot";
import { PROVIDERS } from "../model/push.ts";
import { named, TextOrNullSchema, TimeSchema } from "./schemas.ts";

const times = { createdAt: TimeSchema, updatedAt: TimeSchema };

/** A device as every API shows it: a subscription's keys stay inside. */
export const DeviceSchema = named(
  "Device",
  v.variant("provider", [
    v.strictObject({ id: v.string(), provider: v.literal("fcm"), token: v.string(), ...times }),
    v.strictObject({
      id: v.string(),
      provider: v.literal("apns"),
      token: v.string(),
      topic: TextOrNullSchema,
      sandbox: v.boolean(),
      ...times,
    }),
    v.strictObject({ id: v.string(), provider: v.literal("webpush"), endpoint: v.string(), ...times }),
  ]),
);

/** What a registration may have; which of it must be there is a matter of the provider. */
export const DeviceBodySchema = v.object({
  provider: v.picklist(PROVIDERS),
  token: v.optional(v.string()),
  topic: v.nullish(v.string()),
  sandbox: v.optional(v.boolean()),
  endpoint: v.optional(v.string()),
  keys: v.optional(v.object({ p256dh: v.string(), auth: v.string() })),
});
