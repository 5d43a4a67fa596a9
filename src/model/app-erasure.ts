/**
 * First the copies in KV, then what they lead to; shards tell ledgers, both tell webhooks, and the registry knows where
 * all are. What stays is one row: no app gets the id of an erased one.
 */
export const STEPS = ["copies", "shards", "ledgers", "webhooks", "files", "registry", "erased"] as const;

export type ErasureStep = (typeof STEPS)[number];

/** An erasure that is running. Times in Unix ms. */
export interface Erasure {
  startedAt: number;
  step: ErasureStep;
}

export interface ErasureProgress extends Erasure {
  /** User shards that are erased, and how many there are; null where the app's record is gone too. */
  shards: { erased: number; total: number } | null;
}
