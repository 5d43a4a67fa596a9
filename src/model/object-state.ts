/** How large an object is. `share`: of its room, 0 to 1. */
export interface ObjectSize {
  bytes: number;
  share: number;
}

/**
 * How an object's secrets are stored: sealed by the newest key of the deployment, or by one that is about to go, as
 * they are because the deployment has no key, or by one that it hasn't any more.
 */
export const SECRETS_STATES = ["current", "old_key", "plain", "unreadable"] as const;

export type SecretsState = (typeof SECRETS_STATES)[number];

/** A user shard's size, as it was when it last said so. */
export interface ShardSize extends ObjectSize {
  shard: number;
}
