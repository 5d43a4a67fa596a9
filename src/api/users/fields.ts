import * as v from "valibot";
import { listSchema } from "../../http/validation.ts";
import { MAX_USER_TAGS } from "../../model/limits.ts";
import { parseAsSent, stringifyAsSent } from "../../model/sent-number.ts";
import type { User } from "../../model/user.ts";
import { canonicalUserId, type UserIdRule } from "../../model/user-ids.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { exceedsBytes } from "../../text/size.ts";
import { isObject } from "../send-checks.ts";

/** What the forms of a user have in common. */

const MAX_METADATA_BYTES = 16 * 1024;
const METADATA_MESSAGE = "must be an object of at most 16 KB as JSON";
const TAG_MESSAGE = "must be a text of 1 to 100 characters";

export const MetadataSchema = shownAs(
  v.custom<Record<string, unknown>>(
    (input) => isObject(input) && !exceedsBytes(stringifyAsSent(input), MAX_METADATA_BYTES),
    METADATA_MESSAGE,
  ),
  { type: "object" },
);

const TagSchema = v.pipe(
  v.string(TAG_MESSAGE),
  v.check((text) => text.trim() !== "" && text.length <= 100 && text.isWellFormed(), TAG_MESSAGE),
);

/** Metadata as it is stored: numbers keep the digits that they were sent with. */
export function toMetadataText(metadata: object | null | undefined): string | null | undefined {
  return metadata === null || metadata === undefined ? metadata : stringifyAsSent(metadata);
}

/** Stored metadata as a part of an answer. */
export function presentMetadata(text: string | null): unknown {
  return text === null ? null : parseAsSent(text);
}

/**
 * With what the uids that a CometChat family searches for begin: a platform call may have made users whose ids are in
 * mixed case, and a list has all of them.
 */
export function listUidSearchKeys(searchKey: string | undefined, rule: UserIdRule): string[] | null {
  return searchKey ? [...new Set([searchKey, canonicalUserId(rule, searchKey)])] : null;
}

export const TagsSchema = listSchema(TagSchema, "must be an array of texts", MAX_USER_TAGS);

/** A list in a query: texts between commas. */
export function splitList(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Users as the entries of a JSON list, some at a time. */
export async function* writeUsers(
  parts: AsyncGenerator<User[]>,
  present: (user: User) => object,
): AsyncGenerator<string, number> {
  let count = 0;
  for await (const users of parts) {
    const separator = count === 0 || users.length === 0 ? "" : ",";
    count += users.length;
    yield separator + users.map((user) => JSON.stringify(present(user))).join(",");
  }
  return count;
}
