import * as v from "valibot";
import { TOKEN_TYPES } from "../../channels/push/token-types.ts";
import { AnyObjectSchema, CountSchema, named, UnixTimeSchema } from "../schemas.ts";

/** What the vendors' `/v3/users` answer: CometChat's with times in Unix seconds, Sendbird's in Unix ms. */

/** CometChat's answers are in `data`. */
export function dataOf<S extends v.GenericSchema>(item: S) {
  return v.strictObject({ data: item });
}

export const CometchatUserSchema = named(
  "CometchatUser",
  v.strictObject({
    uid: v.string(),
    name: v.string(),
    avatar: v.optional(v.string()),
    link: v.optional(v.string()),
    role: v.string(),
    statusMessage: v.optional(v.string()),
    metadata: v.optional(AnyObjectSchema),
    tags: v.optional(v.array(v.string())),
    status: v.picklist(["available", "offline"]),
    lastActiveAt: v.optional(UnixTimeSchema),
    createdAt: UnixTimeSchema,
    updatedAt: UnixTimeSchema,
    deactivatedAt: v.optional(UnixTimeSchema),
    // Present where the call that makes the user asks for a token.
    authToken: v.optional(v.string()),
  }),
);

export const CometchatUserPageSchema = v.strictObject({
  data: v.array(CometchatUserSchema),
  meta: v.strictObject({
    pagination: v.strictObject({
      total: CountSchema,
      count: CountSchema,
      per_page: CountSchema,
      current_page: CountSchema,
      total_pages: CountSchema,
    }),
  }),
});

export const SuccessSchema = v.strictObject({ success: v.boolean(), message: v.string() });
/** By uid. */
export const ChangedUsersSchema = v.record(v.string(), SuccessSchema);

export const CometchatTokenSchema = named(
  "CometchatToken",
  v.strictObject({
    uid: v.string(),
    authToken: v.string(),
    createdAt: UnixTimeSchema,
    expiresAt: UnixTimeSchema,
  }),
);

export const SendbirdUserSchema = named(
  "SendbirdUser",
  v.strictObject({
    user_id: v.string(),
    nickname: v.string(),
    profile_url: v.string(),
    phone_number: v.string(),
    metadata: AnyObjectSchema,
    access_token: v.string(),
    require_auth_for_profile_image: v.literal(false),
    is_active: v.boolean(),
    is_online: v.boolean(),
    has_ever_logged_in: v.boolean(),
    last_seen_at: UnixTimeSchema,
    created_at: UnixTimeSchema,
  }),
);

export const SendbirdUserPageSchema = v.strictObject({
  users: v.array(SendbirdUserSchema),
  next: v.string(),
});

export const SendbirdTokenSchema = v.strictObject({ token: v.string(), expires_at: UnixTimeSchema });

const PushTypeSchema = v.picklist(TOKEN_TYPES.map(({ name }) => name));
export const SendbirdPushSchema = v.strictObject({
  token: v.string(),
  type: PushTypeSchema,
  user: SendbirdUserSchema,
});
export const SendbirdPushListSchema = v.strictObject({
  tokens: v.array(v.string()),
  type: PushTypeSchema,
});
