import * as v from "valibot";
import { CountSchema, named, TextOrNullSchema, TimeSchema } from "../schemas.ts";

/** What the calls about users, their devices and targets files answer. */

export const UserSchema = named(
  "User",
  v.strictObject({
    uid: v.string(),
    name: v.string(),
    avatar: TextOrNullSchema,
    role: v.string(),
    metadata: v.nullable(v.record(v.string(), v.unknown())),
    status: v.picklist(["online", "offline"]),
    createdAt: TimeSchema,
    updatedAt: TimeSchema,
    deactivatedAt: v.optional(TimeSchema),
  }),
);

export const UserPageSchema = v.strictObject({
  data: v.array(UserSchema),
  nextCursor: TextOrNullSchema,
  meta: v.strictObject({ pagination: v.strictObject({ count: CountSchema, per_page: CountSchema }) }),
});

export const DeletedUserSchema = v.strictObject({ uid: v.string(), deleted: v.literal(true) });
export const UserTokenSchema = v.strictObject({ authToken: v.string(), expiresAt: TimeSchema });
export const RevocationSchema = v.strictObject({ uid: v.string(), validFrom: TimeSchema });

const TargetsFileEntries = {
  id: v.string(),
  fileKey: v.string(),
  size: CountSchema,
  rows: CountSchema,
  duplicates: CountSchema,
  uploadedAt: TimeSchema,
  expiresAt: TimeSchema,
};
export const ListedTargetsFileSchema = named("ListedTargetsFile", v.strictObject(TargetsFileEntries));
export const TargetsFileSchema = named(
  "TargetsFile",
  v.strictObject({ ...TargetsFileEntries, columns: v.array(v.string()) }),
);
export const DeletedFileSchema = v.strictObject({ fileKey: v.string(), deleted: v.literal(true) });
