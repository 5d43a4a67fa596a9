import type { AppRecord } from "../apps/records.ts";
import type { Actor } from "../audit-log/model.ts";
import type { Bindings } from "../env.ts";
import { hashUid } from "./delete-user.ts";
import { openShardOf } from "./shard-binding.ts";

/** Refuses all tokens that a user has; returns from when on they count (Unix ms), null where there is no such user. */
export async function revokeTokensOf(
  env: Bindings,
  app: AppRecord,
  uid: string,
  actor: Actor,
): Promise<number | null> {
  return openShardOf(env, app, uid).revokeTokens(uid, actor, await hashUid(app.id, uid));
}
