import type { PlannedSend } from "./plan.ts";

/** What must have become of a notification in the end. */
export interface Expectation {
  /** Distinct targets. */
  users: ReadonlySet<string>;
  /** Those of them whose variables lack what the template requires. */
  incomplete: ReadonlySet<string>;
}

export interface Sent extends Expectation {
  id: string;
  send: PlannedSend;
}
