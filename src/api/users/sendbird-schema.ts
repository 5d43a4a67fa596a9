import * as v from "valibot";
import { TOKEN_TYPES, type TokenType } from "../../channels/push/token-types.ts";
import { decodeCursor, limitSchema } from "../../http/pagination.ts";
import { isUserId, parseInput, queryOf } from "../../http/validation.ts";
import { type Fault, faultsToError } from "../../model/errors.ts";
import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import { ANY_USER, type UserFields, type UserFilter } from "../../model/user.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { isObject } from "../send-checks.ts";
import { splitList, toMetadataText } from "./fields.ts";

/** Sendbird's bodies and queries of `/v3/users` (its Platform API). */

/** The vendor's, in characters. */
const MAX_USER_ID = 80;
const USER_ID_MESSAGE = `must be a user id: 1 to ${MAX_USER_ID} characters without control characters, and without white space or invisible characters at either end`;
/** The vendor's: user ids in a query. */
const MAX_QUERY_IDS = 250;
const MAX_METADATA_BYTES = 16 * 1024;

const UserIdSchema = shownAs(
  v.custom<string>((input) => isUserId(input) && [...input].length <= MAX_USER_ID, USER_ID_MESSAGE),
  { type: "string", minLength: 1, maxLength: MAX_USER_ID },
);
const BooleanSchema = v.boolean("must be true or false");
const MetadataSchema = shownAs(
  v.custom<Record<string, string>>(
    (input) =>
      isObject(input) &&
      Object.values(input).every((value) => typeof value === "string") &&
      JSON.stringify(input).length <= MAX_METADATA_BYTES / 3,
    "must be an object of texts, of at most 5,461 characters as JSON",
  ),
  { type: "object", additionalProperties: { type: "string" } },
);

const FIELDS = {
  metadata: v.optional(MetadataSchema),
  phone_number: v.optional(textOf(64)),
  issue_access_token: v.optional(BooleanSchema, false),
};
export const NewUserSchema = v.object(
  { user_id: UserIdSchema, nickname: textOf(256), profile_url: textOf(2048), ...FIELDS },
  "must be a JSON object",
);
export const UserChangeSchema = v.object(
  {
    // The vendor's SDK sends it beside the path.
    user_id: v.optional(v.string("must be the user id in the path")),
    nickname: v.optional(textOf(256)),
    profile_url: v.optional(textOf(2048)),
    ...FIELDS,
    is_active: v.optional(BooleanSchema),
  },
  "must be a JSON object",
);

const MODES = { activated: true, deactivated: false, all: null };
export const QuerySchema = v.object({
  token: v.optional(v.string()),
  limit: limitSchema(10),
  user_ids: v.optional(v.string()),
  nickname: v.optional(v.string()),
  nickname_startswith: v.optional(v.string()),
  active_mode: v.optional(
    v.picklist(["activated", "deactivated", "all"], 'must be "activated", "deactivated" or "all"'),
    "activated",
  ),
});

function textOf(max: number) {
  const message = `must be a text of at most ${max} characters`;
  return v.pipe(
    v.string(message),
    v.check((text) => text.length <= max && text.isWellFormed(), message),
  );
}

export interface SendbirdChange {
  fields: UserFields;
  isActive: boolean | null;
  issueToken: boolean;
}

/** A new user's body; throws with every fault. */
export function parseNewSendbirdUser(body: unknown): { userId: string } & Omit<SendbirdChange, "isActive"> {
  const { user_id: userId, issue_access_token: issueToken, ...given } = parseInput(NewUserSchema, body);
  return { userId, fields: toFields(given), issueToken };
}

/** A change's body; throws with every fault. `pathId` is the user id in the path. */
export function parseSendbirdChange(body: unknown, pathId: string): SendbirdChange {
  const change = parseInput(UserChangeSchema, body);
  const { user_id: userId = pathId, issue_access_token: issueToken, is_active, ...given } = change;
  if (userId !== pathId) {
    throw faultsToError([{ field: "user_id", message: "must be the user id in the path: it never changes" }]);
  }
  return { fields: toFields(given), isActive: is_active ?? null, issueToken };
}

/** What a list's query asks for; `token` says from which user on. */
export function parseSendbirdQuery(url: URL): { filter: UserFilter; offset: number; limit: number } {
  const query = parseInput(QuerySchema, queryOf(url));
  const uids = splitList(query.user_ids);
  if (uids !== null && uids.length > MAX_QUERY_IDS) {
    throw faultsToError([{ field: "user_ids", message: `has more than ${MAX_QUERY_IDS} user ids` }]);
  }
  const token = query.token === "" ? undefined : query.token;
  const [offset = "0"] = decodeCursor(token, 1, /^\d{1,9}$/, "token") ?? [];
  const filter: UserFilter = {
    ...ANY_USER,
    uids,
    name: query.nickname ?? null,
    namePrefix: query.nickname_startswith || null,
    isActive: MODES[query.active_mode],
  };
  return { filter, offset: Number(offset), limit: query.limit };
}

/** The vendor's default, 7 days. */
const DEFAULT_TOKEN_MS = 7 * 24 * 60 * 60 * 1000;
const EXPIRY_MESSAGE = "must be a time in Unix milliseconds, in the next 30 days";
export const TokenSchema = v.object(
  { expires_at: v.optional(v.pipe(v.number(EXPIRY_MESSAGE), v.integer(EXPIRY_MESSAGE))) },
  "must be a JSON object",
);

/** For how many seconds a token is asked for. */
export function parseSendbirdToken(body: unknown, now: number): number {
  const { expires_at: expiresAt = now + DEFAULT_TOKEN_MS } = parseInput(TokenSchema, body);
  const ttlSeconds = Math.floor((expiresAt - now) / 1000);
  if (ttlSeconds < 1 || ttlSeconds > MAX_TOKEN_TTL_SECONDS) {
    throw faultsToError([{ field: "expires_at", message: EXPIRY_MESSAGE }]);
  }
  return ttlSeconds;
}

const UNIQUE_MESSAGE = "must be true: a device belongs to the user who registered it last";
const UniqueSchema = v.optional(v.literal(true, UNIQUE_MESSAGE));

const DeviceTokenSchema = v.string("must be the device's token");
/** By the type in the path. */
export const PushTokenSchema = v.union(TOKEN_TYPES.map(tokenSchema));

/** The token of a push registration, by its type. */
export function parsePushToken(type: TokenType, body: unknown): string {
  return v.parse(v.string(), parseInput(tokenSchema(type), body)[type.field]);
}

function tokenSchema({ field }: TokenType) {
  return v.object({ [field]: DeviceTokenSchema, is_unique: UniqueSchema }, "must be a JSON object");
}

const TOKEN_TYPE_NAMES = TOKEN_TYPES.map(({ name }) => name).join(" or ");

export function wrongType(type: string): Fault {
  return { field: "type", message: `"${type}" isn't supported here: use ${TOKEN_TYPE_NAMES}` };
}

function toFields(given: {
  nickname?: string | undefined;
  profile_url?: string | undefined;
  phone_number?: string | undefined;
  metadata?: Record<string, string> | undefined;
}): UserFields {
  const { nickname, profile_url, phone_number, metadata } = given;
  // An empty text is the vendor's word for none.
  const textOrNone = (text: string | undefined) => (text === undefined ? undefined : text || null);
  return {
    name: nickname,
    avatar: textOrNone(profile_url),
    phoneNumber: textOrNone(phone_number),
    metadata: toMetadataText(metadata),
  };
}
