import * as v from "valibot";
import {
  CountSchema,
  ModeSchema,
  named,
  PrioritySchema,
  TextOrNullSchema,
  UnixTimeSchema,
} from "../schemas.ts";
import { UploadForm } from "../upload-answers.ts";

/** Seed 004's answers. */

export const PlatformSentSchema = named(
  "PlatformSent",
  v.strictObject({
    notification_id: v.string(),
    template_key: v.string(),
    channels: v.array(v.strictObject({ key: v.string(), type: v.string() })),
    mode: ModeSchema,
    priority: v.optional(PrioritySchema),
    title: TextOrNullSchema,
    tag: TextOrNullSchema,
    sent_from: v.strictObject({ type: v.literal("api"), value: v.string() }),
    created_at: UnixTimeSchema,
  }),
);

export const PlatformPresignedSchema = named(
  "PlatformPresignedUpload",
  v.strictObject({ ...UploadForm, file_key: v.string() }),
);

const FileEntries = {
  file_key: v.string(),
  file_size: CountSchema,
  expires_at: UnixTimeSchema,
  uploaded_at: UnixTimeSchema,
};

export const PlatformFilesSchema = v.strictObject({
  files: v.array(named("ListedPlatformFile", v.strictObject(FileEntries))),
  next: v.string(),
});

export const PlatformFileSchema = named(
  "PlatformFile",
  v.strictObject({
    ...FileEntries,
    rows: CountSchema,
    columns: v.array(v.string()),
    duplicates: CountSchema,
  }),
);

export const DeletedPlatformFileSchema = v.strictObject({ file_key: v.string(), deleted: v.literal(true) });
