import * as v from "valibot";
import type { Bindings } from "../env.ts";
import {
  isStoredUserId,
  isUserId,
  parseInput,
  StoredUserIdSchema,
  UserIdSchema,
} from "../http/validation.ts";
import type { AppRecord } from "../model/app.ts";
import type { OnecallError } from "../model/errors.ts";
import { NO_USER } from "../model/missing.ts";
import { type Outcome, requireValue } from "../model/outcome.ts";
import { canonicalUserId, type UserIdRule } from "../model/user-ids.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";

const UserParamSchema = v.object({ uid: StoredUserIdSchema });
const NewUserParamSchema = v.object({ uid: UserIdSchema });

/** The user of a path in the CometChat families. */
export interface NamedUser {
  /** The user id as it is stored. Whether a user can have it is for the route to check. */
  uid: string;
  /** The user id as the call wrote it, for messages. */
  sentAs: string;
}

/** Who the path's `:uid` is. */
export function readUserParam(sentAs: string, rule: UserIdRule): NamedUser {
  return { uid: canonicalUserId(rule, sentAs), sentAs };
}

/** Reads a user id from the path as {@link readUserParam} does; throws where nobody can have it. */
export function requireUserParam(sentAs: string, rule: UserIdRule): NamedUser {
  const user = readUserParam(sentAs, rule);
  parseInput(UserParamSchema, { uid: user.uid });
  return user;
}

/**
 * The same for calls that make a user who isn't there: of ids that only earlier versions took, those of whom there is a
 * record go on, and nobody is made.
 */
export async function requireReachableUser(
  sentAs: string,
  env: Bindings,
  app: AppRecord,
): Promise<NamedUser> {
  const user = requireUserParam(sentAs, app);
  const { uid } = user;
  const isThere = !isUserId(uid) && (await getShardStubOf(env, app, uid).getUser(uid)) !== null;
  if (!isThere) parseInput(NewUserParamSchema, { uid });
  return user;
}

/**
 * Under which ids a target of a notification may be stored whom a CometChat family names `sentAs`, the likeliest first:
 * just that, for a notification of the platform family keeps its targets' case, and the delivery log shows it; else the
 * one user that all spellings are in the other families.
 */
export function listTargetIds(sentAs: string, rule: UserIdRule): string[] {
  return [...new Set([sentAs, canonicalUserId(rule, sentAs)])].filter(isStoredUserId);
}

/** What was asked of a user; where there is none, `missing` says so in its family's words. */
export function requireOfUser<T>(outcome: Outcome<T>, missing: () => OnecallError): T {
  if (!outcome.ok && outcome.code === NO_USER.code) throw missing();
  return requireValue(outcome);
}

/** Whether a user wasn't made because there is one: each family says so in words of its own. */
export function isTaken(created: Outcome<unknown>): boolean {
  return !created.ok && created.code === "ERR_UID_ALREADY_EXISTS";
}
