import type { LedgerRef } from "./ids.ts";

/** A day's ledgers. */
export interface LedgerDay {
  /** UTC, `YYYY-MM-DD`. */
  day: string;
  slots: number[];
}

/** Whole days, newest first. */
export interface LedgerPage {
  days: LedgerDay[];
  /** The next day that has ledgers; null at the end. */
  nextDay: string | null;
}

export function listRefs(days: readonly LedgerDay[]): LedgerRef[] {
  return days.flatMap(({ day, slots }) => slots.map((slot) => ({ day, slot })));
}
