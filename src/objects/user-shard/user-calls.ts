import type { Actor } from "../../model/audit.ts";
import { NO_USER } from "../../model/missing.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type { User, UserFields, UserFilter, UserPart, UserSlice } from "../../model/user.ts";
import type { IssuedToken, TokenTimes } from "../../model/user-token.ts";
import { isFull, requireRoom } from "../kit/room.ts";
import { ClaimCalls } from "./claim-calls.ts";
import { RETENTION_DUTY } from "./duty-kinds.ts";
import type { UserRoom } from "./user-count.ts";
import { MAX_REMOVED_TOKENS } from "./user-tokens.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const UID_TAKEN = refuse("ERR_UID_ALREADY_EXISTS", "A user with this uid exists.");

const TOO_MANY_REMOVED = refuse(
  "ERR_CONFLICT",
  `${MAX_REMOVED_TOKENS} of the user's tokens were removed and haven't ended. Revoke all of the user's tokens first.`,
);

/** How long a change of users waits for the registry to know their number, so that the next list has it, ms. */
const COUNT_WAIT_MS = 100;

/** About users and their tokens. */
export class UserCalls extends ClaimCalls {
  async createUser(uid: string, fields: UserFields): Promise<Outcome<User>> {
    requireRoom(this.ctx.storage, this.env);
    if (this.stores.users.has(uid)) return UID_TAKEN;
    const room = await this.#readUserRoom();
    return this.#changeUsers((now) => {
      const refusal = this.userCount.refuse(room);
      if (refusal !== null) return refusal;
      const user = this.stores.users.create(uid, fields, now);
      return user === null ? UID_TAKEN : succeed(user);
    });
  }

  async issueToken(uid: string, ttlMs: number, generation: number): Promise<Outcome<TokenTimes>> {
    // Who is known gets a token in any case; there are as many of one as are listed, and as may be removed.
    const isKnown = this.stores.users.has(uid);
    if (!isKnown) requireRoom(this.ctx.storage, this.env);
    const room = isKnown ? null : await this.#readUserRoom();
    return this.#changeUsers((now) => {
      const refusal = this.stores.users.has(uid) ? null : this.userCount.refuse(room);
      if (refusal !== null) return refusal;
      this.stores.users.create(uid, {}, now);
      if (this.stores.users.listInactive([uid]).length > 0)
        return refuse("ERR_CONFLICT", "The user is deactivated.");
      if (!this.stores.tokens.mayIssue(uid, now)) return TOO_MANY_REMOVED;
      const notBefore = Math.max(
        (this.stores.users.getDeletedAt(uid) ?? 0) + 1,
        this.stores.tokenBounds.validFrom(uid),
      );
      return succeed(this.stores.tokens.issue(uid, { ttlMs, generation }, now, notBefore));
    });
  }

  revokeTokens(uid: string, actor: Actor, uidHash: string): Outcome<number> {
    const now = Date.now();
    if (!this.stores.users.has(uid)) return NO_USER;
    const validFrom = this.due.transaction(() => {
      this.due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      this.erasureCalls.addAudit("user.tokens_revoked", actor, uidHash, now);
      const from = this.stores.tokenBounds.revoke(uid, now);
      this.stores.tokens.forget(uid);
      return from;
    });
    this.sockets.closeUser(uid, "The user's tokens were revoked");
    return succeed(validFrom);
  }

  getUser(uid: string): User | null {
    return this.stores.users.get(uid);
  }

  updateUser(uid: string, fields: UserFields): Outcome<User> {
    const { users } = this.stores;
    const { storage } = this.ctx;
    const user = storage.transactionSync(() => {
      if (!isFull(storage, this.env)) return users.update(uid, fields, Date.now());
      const before = users.get(uid);
      const after = users.update(uid, fields, Date.now());
      if (JSON.stringify(after).length > JSON.stringify(before).length) requireRoom(storage, this.env);
      return after;
    });
    return user === null ? NO_USER : succeed(user);
  }

  async deleteUser(uid: string, actor: Actor, uidHash: string): Promise<Outcome<null>> {
    // A tombstone of whom nothing is stored is a row that anybody's uid would add.
    if (isFull(this.ctx.storage, this.env) && !this.erasure.isKnown(uid)) {
      requireRoom(this.ctx.storage, this.env);
    }
    const now = Date.now();
    const hadAnything = await this.#changeUsers(() => {
      this.due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      const isDeleted = this.erasure.delete(uid, now);
      if (isDeleted) this.erasureCalls.addAudit("user.deleted", actor, uidHash, now);
      this.directory.noteCalls();
      return isDeleted;
    });
    this.reporter.schedule("batch");
    this.sockets.closeUser(uid, "The user was deleted");
    // Ids hold milliseconds: a send in the same one as the deletion would count as one to the deleted user.
    if (Date.now() <= now) await scheduler.wait(1);
    return hadAnything ? succeed(null) : NO_USER;
  }

  async setUserActive(uid: string, isActive: boolean, actor: Actor, uidHash: string): Promise<Outcome<null>> {
    const isThere = await this.#changeUsers((now) => {
      const wasActive = this.stores.users.listInactive([uid]).length === 0;
      const isKnown = this.stores.users.setActive(uid, isActive, now);
      if (isKnown && wasActive !== isActive) {
        this.erasureCalls.addAudit(isActive ? "user.activated" : "user.deactivated", actor, uidHash, now);
      }
      return isKnown;
    });
    if (!isActive) this.sockets.closeUser(uid, "The user was deactivated");
    return isThere ? succeed(null) : NO_USER;
  }

  listTokens(uid: string): IssuedToken[] {
    const validFrom = this.stores.tokenBounds.validFrom(uid);
    return this.stores.tokens.list(uid, Date.now()).filter(({ issuedAt }) => issuedAt >= validFrom);
  }

  removeToken(uid: string, token: TokenTimes, actor: Actor, uidHash: string): void {
    this.due.transaction(() => {
      if (this.stores.tokens.isRemoved(uid, token.issuedAt)) return;
      this.stores.tokens.remove(uid, token);
      this.erasureCalls.addAudit("user.token_removed", actor, uidHash, Date.now());
    });
    this.sockets.closeUser(uid, "A token of the user was removed");
  }

  listUsers(filter: UserFilter, slice: UserSlice): UserPart {
    return this.stores.users.list(filter, slice);
  }

  countUsers(filter: UserFilter): number {
    return this.stores.users.count(filter);
  }

  async countActiveUsers(): Promise<number> {
    await this.userCount.tell();
    return this.userCount.active;
  }

  /**
   * Null where the registry can't say it now: then the user is created, as a quota is no reason to turn anybody away.
   */
  #readUserRoom(): Promise<UserRoom | null> {
    return this.userCount.readRoom(Date.now()).catch((error: unknown) => {
      this.logError("asking for the quota of users failed", error);
      return null;
    });
  }

  /** Changes the records of users, in a transaction. Resolves when the registry knows how many there are, but soon. */
  async #changeUsers<T>(work: (now: number) => T): Promise<T> {
    const now = Date.now();
    const result = this.due.transaction(() => {
      const changed = work(now);
      this.userCount.noteChange(now);
      return changed;
    });
    // The change stands in any case: where the registry can't be told now, the alarm does it.
    const told = this.userCount.tell().catch((error: unknown) => {
      this.logError("telling the count failed", error);
    });
    await Promise.race([told, scheduler.wait(COUNT_WAIT_MS)]);
    return result;
  }
}
