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
