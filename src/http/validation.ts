import * as v from "valibot";
import { Faults, faultsToError, showName } from "../model/errors.ts";
import { MAX_USER_ID_BYTES } from "../model/limits.ts";
import { canonicalUserId, type UserIdRule } from "../model/user-ids.ts";
import { hasUnseenEnd } from "../text/invisible.ts";
import { shownAs } from "../text/shown-schema.ts";
import { exceedsBytes } from "../text/size.ts";
import { addUnknownFields } from "./strange-fields.ts";

/**
 * What becomes of fields that a schema hasn't: all are faults, or only those that look like one it has; `readBack`:
 * those of the answer that this schema is of are taken, and nothing comes of them, as who changes something sends it
 * back whole.
 */
export type UnknownFields = "refused" | "ignored" | { readBack: v.GenericSchema };

export { textSchema } from "../text/schemas.ts";

/** The parsed value, or one error that names every wrong field. */
export function parseInput<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  unknownFields: UnknownFields = "refused",
): v.InferOutput<S> {
  const { value, faults } = checkInput(schema, input, unknownFields);
  if (faults.length > 0 || value === null) throw faultsToError(faults);
  return value;
}

/** The parsed value or the faults, for callers that have more to check. */
export function checkInput<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  unknownFields: UnknownFields = "refused",
): Checked<S> {
  const { value, faults } = checkForm(schema, input);
  const readBack =
    typeof unknownFields === "object" ? Object.keys(entriesOf(unknownFields.readBack) ?? {}) : [];
  addStrangeFields(schema, input, { prefix: "", othersToo: unknownFields !== "ignored", readBack }, faults);
  return { value: faults.length === 0 ? value : null, faults };
}

interface Checked<S extends v.GenericSchema> {
  value: v.InferOutput<S> | null;
  faults: Faults;
}

/** Checks an input as {@link checkInput} does, but takes fields that the schema hasn't. */
export function checkForm<S extends v.GenericSchema>(schema: S, input: unknown): Checked<S> {
  const result = v.safeParse(schema, input);
  const faults = new Faults();
  if (result.success) return { value: result.output, faults };
  const seen = new Set<string>();
  for (const issue of result.issues) {
    const field = fieldOf(issue);
    // One message per field: the first says what would be right.
    if (!seen.has(field)) faults.push({ field, message: messageOf(schema, issue) });
    seen.add(field);
  }
  return { value: null, faults };
}

/** Fields that a schema hasn't, at its first level; deeper only what looks like one: see {@link addUnknownFields}. */
function addStrangeFields(
  schema: unknown,
  input: unknown,
  level: { prefix: string; othersToo: boolean; readBack: readonly string[] },
  faults: Faults,
): void {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return;
  const entries = entriesOf(schema);
  if (entries === null) return;
  addUnknownFields(input, Object.keys(entries), level, faults);
  for (const [name, inner] of Object.entries(entries)) {
    if (!Object.hasOwn(input, name)) continue;
    const value = (input as Record<string, unknown>)[name];
    const deeper = { prefix: `${level.prefix}${name}.`, othersToo: false, readBack: [] };
    addStrangeFields(inner, value, deeper, faults);
  }
}

/** The fields of an object's schema, whatever is wrapped around it; null for another. */
function entriesOf(schema: unknown): Record<string, unknown> | null {
  const { entries, wrapped, pipe } = (schema ?? {}) as {
    entries?: Record<string, unknown>;
    wrapped?: unknown;
    pipe?: readonly unknown[];
  };
  if (entries !== undefined) return entries;
  if (wrapped !== undefined) return entriesOf(wrapped);
  return pipe?.map(entriesOf).find((found) => found !== null) ?? null;
}

function fieldOf({ path }: v.BaseIssue<unknown>): string {
  return path === undefined ? "body" : path.map(({ key }) => showName(String(key))).join(".");
}

/**
 * An array of at most `max` entries. How many there are is looked at first: a fault for each of a million would
 * be far larger than the body.
 */
export function listSchema<S extends v.GenericSchema>(item: S, message: string, max: number) {
  return v.pipe(
    v.array(v.unknown(), message),
    v.maxLength(max, `has more than ${max} entries`),
    v.array(item, message),
  );
}

// For a missing key valibot gives the message of the object around it; what would be right is the field's own.
function messageOf(schema: v.GenericSchema, issue: v.BaseIssue<unknown>): string {
  const isMissingKey = issue.received === "undefined" && issue.expected?.startsWith('"') && issue.path;
  if (!isMissingKey) return issue.message;
  let inner: unknown = schema;
  for (const { key } of issue.path ?? []) inner = entryOf(inner, String(key));
  const { message } = (inner ?? {}) as { message?: unknown };
  return typeof message === "string" ? `is required and ${message}` : "is required";
}

function entryOf(schema: unknown, key: string): unknown {
  // What may be absent or null is wrapped in what says so.
  const { entries, wrapped } = (schema ?? {}) as { entries?: Record<string, unknown>; wrapped?: unknown };
  if (wrapped !== undefined) return entryOf(wrapped, key);
  return entries !== undefined && Object.hasOwn(entries, key) ? entries[key] : undefined;
}

/** The query as an object; a parameter given twice counts once, the first time. */
export function queryOf(url: URL): Record<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) if (!query.has(name)) query.set(name, value);
  return Object.fromEntries(query);
}

/**
 * What a user id is, in one place. An id that names a user who is about to be made, or sent to, is a {@link isUserId};
 * one that names a user who is there already (read, changed, deactivated, deleted, revoked) is a
 * {@link isStoredUserId}: earlier versions took white space at its ends, and those users are still somebody's.
 *
 * 1 to 255 bytes of well-formed Unicode without control characters. `.` and `..` are none: in a URL they are
 * steps of the path, so such a user couldn't be addressed. What stands unseen at either end is seen by nobody.
 */
export function isUserId(value: unknown): value is string {
  return isStoredUserId(value) && !hasUnseenEnd(value);
}

/** Whether a user may be stored under this id: earlier versions took white space at its ends. */
export function isStoredUserId(value: unknown): value is string {
  if (typeof value !== "string" || value.length === 0 || value.length > MAX_USER_ID_BYTES) return false;
  if (value === "." || value === ".." || !value.isWellFormed() || hasControlCharacter(value)) return false;
  return !exceedsBytes(value, MAX_USER_ID_BYTES);
}

function hasControlCharacter(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
  }
  return false;
}

export const USER_ID_MESSAGE =
  "must be a user id: 1 to 255 bytes of text without control characters, and without white space or invisible characters at either end; . and .. are none";

const SHOWN_USER_ID = { type: "string", minLength: 1, maxLength: MAX_USER_ID_BYTES };

/** A user who may be new. */
export const UserIdSchema = shownAs(v.custom<string>(isUserId, USER_ID_MESSAGE), SHOWN_USER_ID);

/** A user who is there already, or isn't: nobody is made by it. */
export const StoredUserIdSchema = shownAs(
  v.custom<string>(isStoredUserId, "must be a user id: 1 to 255 bytes of text without control characters"),
  SHOWN_USER_ID,
);

/**
 * A form of the CometChat families by an app's rule of user ids: `make` is given the schema of an id, `userId` or the
 * same by the rule. What it gives is the id as it was sent, which answers and errors name; `canonicalUserId` makes it
 * the stored one.
 */
export function perUserIdRule<S>(
  userId: typeof UserIdSchema,
  make: (userId: typeof UserIdSchema) => S,
): (rule: UserIdRule) => S {
  const foldedUserId = v.custom<string>(
    (input) => typeof input === "string" && v.is(userId, canonicalUserId({ foldsUserIds: true }, input)),
    USER_ID_MESSAGE,
  );
  const [kept, folded] = [make(userId), make(foldedUserId)];
  return ({ foldsUserIds }) => (foldsUserIds ? folded : kept);
}

const TIME_MESSAGE = "must be an ISO 8601 time such as 2026-04-15T10:30:00Z";
const DAY_MS = 24 * 60 * 60 * 1000;

function timeSchema(parse: (text: string) => number) {
  return v.pipe(
    shownAs(v.string(TIME_MESSAGE), { type: "string", description: "ISO 8601 with a zone, or a date" }),
    v.transform(parse),
    v.number(TIME_MESSAGE),
    v.check((timeMs) => !Number.isNaN(timeMs), TIME_MESSAGE),
  );
}

/** An ISO 8601 time with a zone, as Unix ms; a date is its start in UTC. */
export const IsoTimeSchema = timeSchema(parseIsoTime);

/** The end of a range, inclusive: a date is the last millisecond of its day in UTC. */
export const IsoEndSchema = timeSchema((text) => {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  return isDate ? parseIsoTime(text) + DAY_MS - 1 : parseIsoTime(text);
});

/** Throws where a range of times ends before it begins; what is absent is open. `ends` are its parameters' names. */
export function requireRange(
  from: number | undefined,
  to: number | undefined,
  ends: { from: string; to: string } = { from: "from", to: "to" },
): void {
  if (from === undefined || to === undefined || from <= to) return;
  throw faultsToError([{ field: ends.to, message: `must not be before ${ends.from}` }]);
}

function parseIsoTime(text: string): number {
  const pattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
  // Date.parse takes the 30th of February for the 2nd of March.
  const isRealDay = new Date(`${text.slice(0, 10)}T00:00:00Z`).toJSON()?.slice(0, 10) === text.slice(0, 10);
  return pattern.test(text) && isRealDay ? Date.parse(text) : Number.NaN;
}
