import * as v from "valibot";
import { wholeNumberText } from "../../http/pagination.ts";
import {
  listSchema,
  parseInput,
  perUserIdRule,
  queryOf,
  StoredUserIdSchema,
  textSchema,
  UserIdSchema,
} from "../../http/validation.ts";
import { MAX_TOKEN_TTL_SECONDS, MAX_USERS_CHANGE, MAX_USERS_PAGE } from "../../model/limits.ts";
import { reviveDigits } from "../../model/sent-number.ts";
import { ANY_USER, type UserFields, type UserFilter } from "../../model/user.ts";
import type { UserIdRule } from "../../model/user-ids.ts";
import { wholeNumberSchema } from "../../text/schemas.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { isObject } from "../send-checks.ts";
import { listUidSearchKeys, MetadataSchema, splitList, TagsSchema, toMetadataText } from "./fields.ts";

/** CometChat's bodies and queries of `/v3/users` (its rest-api/users). */

const BOOLEAN_MESSAGE = "must be true or false";
const BooleanSchema = shownAs(
  v.union(
    [
      v.boolean(),
      // Forms, queries and headers carry text alone.
      v.pipe(
        v.string(),
        v.toLowerCase(),
        v.picklist(["true", "false", "1", "0"]),
        v.transform((text) => text === "true" || text === "1"),
      ),
    ],
    BOOLEAN_MESSAGE,
  ),
  { type: "boolean" },
);

const FIELDS = {
  avatar: v.nullish(textOf(2048)),
  link: v.nullish(textOf(2048)),
  role: v.optional(textSchema(64)),
  statusMessage: v.nullish(textOf(256)),
  metadata: v.nullish(MetadataSchema),
  tags: v.optional(TagsSchema),
  // The vendor keeps these two in the metadata's private part.
  email: v.nullish(textOf(256)),
  contactNumber: v.nullish(textOf(64)),
};
export const newUserSchema = perUserIdRule(UserIdSchema, (uid) =>
  v.object(
    { uid, name: textSchema(256), ...FIELDS, withAuthToken: v.optional(BooleanSchema, false) },
    "must be a JSON object",
  ),
);
export const UserChangeSchema = v.object(
  { name: v.optional(textSchema(256)), ...FIELDS },
  "must be a JSON object",
);

const SEARCH_IN_MESSAGE = 'must be "uid", "name" or both, with a comma';
const isSearched = (field: string): boolean => field === "uid" || field === "name";

const PAGE_MESSAGE = "must be a whole number from 1 on";
export const QuerySchema = v.object({
  searchKey: v.optional(v.string()),
  searchIn: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => (splitList(text) ?? []).every(isSearched), SEARCH_IN_MESSAGE),
    ),
  ),
  status: v.optional(v.picklist(["available", "offline"], 'must be "available" or "offline"')),
  role: v.optional(v.string()),
  roles: v.optional(v.string()),
  tags: v.optional(v.string()),
  withTags: v.optional(BooleanSchema, false),
  count: v.optional(BooleanSchema, false),
  perPage: numberSchema(20, MAX_USERS_PAGE, `must be a whole number from 1 to ${MAX_USERS_PAGE}`),
  page: numberSchema(1, 1_000_000, PAGE_MESSAGE),
});

/** A text of at most so many characters, empty or not. */
function textOf(max: number) {
  const message = `must be a text of at most ${max} characters`;
  return v.pipe(
    v.string(message),
    v.check((text) => text.length <= max && text.isWellFormed(), message),
  );
}

function numberSchema(fallback: number, max: number, message: string) {
  return v.optional(wholeNumberText(max, message), String(fallback));
}

/** A new user's body, with the uid as it was sent; throws with every fault. */
export function parseNewUser(
  body: unknown,
  rule: UserIdRule,
): { uid: string; fields: UserFields; withAuthToken: boolean } {
  const { uid, withAuthToken, ...fields } = parseInput(newUserSchema(rule), readForm(body));
  return { uid, fields: toFields(fields), withAuthToken };
}

/** A change's body; throws with every fault. */
export function parseUserChange(body: unknown): UserFields {
  return toFields(parseInput(UserChangeSchema, readForm(body)));
}

/** What a list's query asks for, its page and how much of each user is shown. */
export function parseUserQuery(
  url: URL,
  rule: UserIdRule,
): {
  filter: UserFilter;
  page: number;
  perPage: number;
  withTags: boolean;
} {
  const query = parseInput(QuerySchema, queryOf(url));
  const roles = [...(query.role ? [query.role] : []), ...(splitList(query.roles) ?? [])];
  const searchIn = (["uid", "name"] as const).filter(
    (field) => splitList(query.searchIn)?.includes(field) ?? true,
  );
  const filter: UserFilter = {
    ...ANY_USER,
    searchKey: query.searchKey || null,
    uidSearchKeys: listUidSearchKeys(query.searchKey, rule),
    searchIn,
    roles: roles.length === 0 ? null : roles,
    tags: splitList(query.tags),
    status: query.status === undefined ? null : query.status === "available" ? "online" : "offline",
    isActive: true,
  };
  return { filter, page: query.page, perPage: query.perPage, withTags: query.withTags };
}

const UIDS_MESSAGE = `must be an array of 1 to ${MAX_USERS_CHANGE} user ids`;
const uidsSchema = perUserIdRule(StoredUserIdSchema, (uid) =>
  v.pipe(listSchema(uid, UIDS_MESSAGE, MAX_USERS_CHANGE), v.minLength(1, UIDS_MESSAGE)),
);

export function uidsBody(field: "uidsToActivate" | "uidsToDeactivate", rule: UserIdRule) {
  return v.object({ [field]: uidsSchema(rule) }, "must be a JSON object");
}

/** The uids as they were sent. */
export function parseUids(
  body: unknown,
  field: "uidsToActivate" | "uidsToDeactivate",
  rule: UserIdRule,
): string[] {
  return parseInput(uidsBody(field, rule), body)[field] ?? [];
}

export const DeletionSchema = v.object(
  { permanent: v.optional(BooleanSchema, false) },
  "must be a JSON object",
);

const DeletionQuerySchema = v.object({ permanent: v.optional(v.string()) });

/** `permanent`, wherever the caller gives it: in the body, the query or (some do) a header. */
export function parseDeletion(body: unknown, url: URL, headers: Headers): boolean {
  const query = parseInput(DeletionQuerySchema, queryOf(url));
  const given = isObject(body) && "permanent" in body ? body.permanent : null;
  const permanent = given ?? query.permanent ?? headers.get("permanent") ?? false;
  return parseInput(DeletionSchema, isObject(body) ? { ...body, permanent } : body).permanent;
}

const TTL_MESSAGE = `must be a whole number of seconds from 1 to ${MAX_TOKEN_TTL_SECONDS}`;
export const TokenSchema = v.object(
  {
    force: v.optional(BooleanSchema, true),
    expiresInSeconds: v.optional(wholeNumberSchema(1, MAX_TOKEN_TTL_SECONDS, TTL_MESSAGE)),
  },
  "must be a JSON object",
);

/** `force` false: a token that there is will do. */
export function parseTokenRequest(body: unknown): { force: boolean; expiresInSeconds?: number | undefined } {
  return parseInput(TokenSchema, body);
}

/** A form has texts only: an object or a list is in them as JSON. */
function readForm(body: unknown): unknown {
  if (!isObject(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      const isJson = (name === "metadata" || name === "tags") && typeof value === "string";
      return [name, isJson ? readJsonText(value) : value];
    }),
  );
}

function readJsonText(text: string): unknown {
  try {
    return JSON.parse(text, reviveDigits);
  } catch {
    return text;
  }
}

function toFields({
  email,
  contactNumber,
  metadata,
  ...fields
}: Omit<UserFields, "metadata"> & {
  email?: string | null | undefined;
  contactNumber?: string | null | undefined;
  metadata?: Record<string, unknown> | null | undefined;
}): UserFields {
  if (!email && !contactNumber) return { ...fields, metadata: toMetadataText(metadata) };
  const known = metadata?.["@private"];
  const hidden = {
    ...(isObject(known) ? known : {}),
    ...(email ? { email } : {}),
    ...(contactNumber ? { contactNumber } : {}),
  };
  return { ...fields, metadata: toMetadataText({ ...metadata, "@private": hidden }) };
}
