import { type Faults, showName } from "../model/errors.ts";
import { isLookalike, MIN_TYPO_LENGTH, normalizeName } from "./lookalike.ts";

/**
 * Fields that nobody reads and that a caller will hardly have meant to be ignored: another spelling, case or a
 * typo of a field that there is, or a field of another family's call. All others are ignored, as ever.
 */

/** Names that mean the same in one family or another. */
const SYNONYMS: readonly (readonly string[])[] = [
  ["targets", "receivers", "recipients", "users", "userids", "uids", "targetids", "to"],
  ["targetsfile", "targetsfilename", "targetfilename"],
  ["notificationpushdata", "pushdata", "data", "payload", "custompushdata"],
  ["template", "templateid", "templatekey"],
  ["expiresat", "expiry", "expires", "expiration", "expirationtime", "ttl", "timetolive"],
  ["variables", "templatevariables", "vars"],
  ["mode"],
  ["priority"],
  ["tag"],
  ["title"],
];

/** What no send can do: ignored, the send would go out as it wasn't meant to. By the name's beginning or whole. */
const UNSUPPORTED: readonly [pattern: RegExp, message: string][] = [
  [
    /^(send|deliver|publish|start|run|launch)(at|on|time|date|datetime|after|in|later)$|^schedul|^delay|^notbefore$|^timezone$/,
    "there is no scheduling yet: the send would go out at once. Leave it out, and call when it is time",
  ],
  [/^(dryrun|validateonly|testmode|simulate|preview)$/, "a send can't be tried out: it would go out"],
  [
    /^(channels?|channelkeys?|channeltypes?|channelids?)$/,
    "a send goes to the channels of its template; leave it out",
  ],
  [/^(template)?version$/, "the approved version is sent; leave it out"],
  [/^(providers?|sandbox)$/, "is a matter of the channel and the device; leave it out"],
  [/^idempotencykey$/, "is a header here: Idempotency-Key"],
  [/^(permin|perminute|pace|throttle|ratelimit)$/, "there is no pace yet: the send would go out at once"],
];

/** Keys of an object that are looked at: one that has more has more important faults. */
const MAX_LOOKED_AT = 1000;

/**
 * A fault for each field that looks like one of the `known`, and where `othersToo` for all that aren't known, but for
 * those that are `readBack`. Fields by their paths: `template.variables`.
 */
export function addUnknownFields(
  given: object,
  known: readonly string[],
  { prefix, othersToo, readBack }: { prefix: string; othersToo: boolean; readBack: readonly string[] },
  faults: Faults,
): void {
  for (const name of unknownNames(given, known)) {
    if (readBack.includes(name)) continue;
    const meant = known.find((candidate) => isLookalike(name, candidate));
    if (meant === undefined && !othersToo) continue;
    const message =
      meant === undefined
        ? `isn't supported here; known are: ${known.join(", ") || "none"}`
        : `isn't a field of this call; did you mean ${prefix}${meant}?`;
    faults.push({ field: `${prefix}${showName(name)}`, message });
  }
}

/** The same for a send, which also takes no field of another family and none that asks for what there isn't. */
export function addStrangeSendFields(
  given: object,
  prefix: "" | "template.",
  paths: readonly string[],
  faults: Faults,
): void {
  const known = paths
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .filter((name) => !name.includes("."));
  for (const name of unknownNames(given, known)) {
    const message = findSendFault(name, prefix, paths);
    if (message !== null) faults.push({ field: `${prefix}${showName(name)}`, message });
  }
}

function findSendFault(name: string, prefix: string, paths: readonly string[]): string | null {
  const plain = normalizeName(name);
  const lastOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1);
  const level = (path: string): boolean => path === `${prefix}${lastOf(path)}`;
  const meant =
    paths.find((path) => level(path) && isLookalike(name, lastOf(path))) ??
    // At another level: `variables` beside `template`. A short name may be anybody's own.
    paths.find((path) => plain.length >= MIN_TYPO_LENGTH && isLookalike(name, lastOf(path)));
  if (meant !== undefined) return `isn't a field of this call; did you mean ${meant}?`;
  // The other families name a template by its id as well.
  const key = `${prefix}key`;
  if (plain === "id" && prefix !== "" && paths.includes(key)) {
    return `isn't a field of this call; did you mean ${key}?`;
  }
  const synonyms = SYNONYMS.find((names) => names.includes(plain));
  if (synonyms !== undefined) {
    const own = paths.find((path) => synonyms.includes(normalizeName(lastOf(path))));
    return own === undefined
      ? "isn't a field of this family's call; leave it out"
      : `isn't a field of this call; did you mean ${own}?`;
  }
  return UNSUPPORTED.find(([pattern]) => pattern.test(plain))?.[1] ?? null;
}

function unknownNames(given: object, known: readonly string[]): string[] {
  return Object.keys(given)
    .slice(0, MAX_LOOKED_AT)
    .filter((name) => !known.includes(name));
}
