import { refuse } from "./outcome.ts";

/** What to say where something that a call names isn't there. */

export const NO_APP = refuse("ERR_NOT_FOUND", "There is no such app.");
export const NO_CHANNEL = refuse("ERR_NOT_FOUND", "There is no such channel.");
export const NO_DELIVERY = refuse(
  "ERR_NOT_FOUND",
  "This user has no delivery of such a notification and channel.",
);
export const NO_KEY = refuse("ERR_NOT_FOUND", "There is no such key.");
export const NO_NOTIFICATION = refuse("ERR_NOT_FOUND", "There is no such notification.");
export const NO_TARGETS_FILE = refuse("ERR_NOT_FOUND", "There is no such targets file, or it has expired.");
export const NO_TEMPLATE = refuse("ERR_TEMPLATE_NOT_FOUND", "There is no such template.");
export const NO_WEBHOOK = refuse("ERR_NOT_FOUND", "There is no such webhook.");
/** Families with codes or words of their own for it say it in those. */
export const NO_USER = refuse("ERR_UID_NOT_FOUND", "There is no such user.");
