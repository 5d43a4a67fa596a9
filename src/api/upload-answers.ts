import * as v from "valibot";
import { named } from "./schemas.ts";

/** Seed 004's form: where it is posted to, and its fields. */
export const UploadForm = { url: v.string(), fields: v.record(v.string(), v.string()) };

export const PresignedSchema = named(
  "PresignedUpload",
  v.strictObject({ ...UploadForm, fileKey: v.string() }),
);

/** The form's fields as they were given, and the file behind them. */
export const UploadFormSchema = v.objectWithRest({ file: v.string() }, v.string());
