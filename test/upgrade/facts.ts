/** What a caller of the earlier version was told, beside the state folder that it left. */
export interface StoredFacts {
  adminToken: string;
  apiKey: string;
  /** Of a realtime send that was viewed and clicked. */
  jane: string;
  /** Of a batch: the first has no name, the rest are delivered to. */
  others: string[];
  /** Of a targets file. */
  rows: string[];
  /** Notification ids. */
  realtime: string;
  batch: string;
  file: string;
  /** A batch that was killed under way. */
  inFlight: string;
  /** Its targets. */
  targets: number;
}
