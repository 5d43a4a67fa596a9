import { BACKSLASH, DELETE, POINT, QUOTE, SPACE, UPPER_A, UPPER_Z } from "../text/ascii.ts";
import { MAX_USER_ID_BYTES } from "./limits.ts";

/** How an app takes user ids where its callers use CometChat's families. */
export interface UserIdRule {
  /** True: in lower case, as that vendor does, so that `Jane` and `jane` are one user there. Frozen at creation. */
  foldsUserIds: boolean;
}

/** The rule of the platform family, whatever the app's: there `Jane` and `jane` are two users. */
export const KEEPS_USER_IDS: UserIdRule = { foldsUserIds: false };

/**
 * The id that a user is stored under whom a CometChat family names `sent`. By Unicode's default lower case, which no
 * locale changes; folded again it stays as it is. It may have more bytes than `sent`: its length is checked afterwards.
 */
export function canonicalUserId({ foldsUserIds }: UserIdRule, sent: string): string {
  return foldsUserIds ? sent.toLowerCase() : sent;
}

/**
 * Whether the bytes between two offsets are an id as most are: of ASCII's letters, digits and signs, which is stored as
 * it was sent, and which JSON writes as it is. False says nothing: such an id is looked at as text.
 */
export function isPlainUserId(
  { foldsUserIds }: UserIdRule,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const length = end - start;
  if (length === 0 || length > MAX_USER_ID_BYTES) return false;
  let points = 0;
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0;
    if (byte <= SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) return false;
    if (foldsUserIds && byte >= UPPER_A && byte <= UPPER_Z) return false;
    if (byte === POINT) points++;
  }
  return points < length || length > 2;
}

/** The user ids of one call: as they are stored, and how the call spelt them last. */
export class UserIds {
  readonly #rule: UserIdRule;
  readonly #spellings = new Map<string, string>();

  constructor(rule: UserIdRule) {
    this.#rule = rule;
  }

  get foldsUserIds(): boolean {
    return this.#rule.foldsUserIds;
  }

  /** The stored id. */
  read(sent: string): string {
    const userId = canonicalUserId(this.#rule, sent);
    if (userId === sent) this.#spellings.delete(userId);
    else this.#spellings.set(userId, sent);
    return userId;
  }

  /** A stored id as the caller knows it, for errors. */
  sentAs(userId: string): string {
    return this.#spellings.get(userId) ?? userId;
  }
}
