import type { Device } from "../support/providers/client.ts";
import type { OperationFigures } from "./timings.ts";

/** What the load process is asked. */
export type SoakQuestion =
  /** Before the mixed calls: an app whose objects are all there. */
  | { kind: "set up"; url: string; credentials: object; devices: Device[] }
  | { kind: "mixed"; seconds: number; perSecond: number }
  | { kind: "beside"; url: string; seconds: number; perSecond: number; rows: number };

export interface MixedAnswer {
  operations: OperationFigures[];
  /** Rows that the service wrote for them: one per target and channel. */
  deliveries: number;
  /** Batches that weren't completed with a sum that closes. */
  wrongBatches: string[];
}

export interface BesideAnswer {
  alone: OperationFigures;
  beside: OperationFigures;
  /** From the batch's call until it was completed, ms. */
  batchMs: number;
}
