/** How a ledger is doing. */
export interface Incidents {
  /** Notifications that aren't completed. */
  uncompleted: number;
  /** The id of the oldest of them. */
  oldestUncompleted: string | null;
  /** Shards that they have deliveries in. */
  shards: number[];
  redrivenChunks: number;
  deadLetters: number;
}
