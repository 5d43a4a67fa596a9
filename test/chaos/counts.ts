/** A channel's counts as the API shows them. */
export interface Counts {
  total: number;
  delivered: number;
  failed: Record<string, number>;
  skipped: Record<string, number>;
  cancelled: number;
  pending: number;
}

export interface NotificationRead {
  state: string;
  counts: Record<string, Counts>;
}

function sum(reasons: Record<string, number>): number {
  return Object.values(reasons).reduce((total, count) => total + count, 0);
}

export interface CountFault {
  what: string;
  /** The counts themselves. */
  shown: string;
}

/** What is wrong with counts at the moment of any read; `before` is an earlier read of the same notification. */
export function findFaults(
  { state, counts }: NotificationRead,
  total: number,
  before: NotificationRead | null,
): CountFault[] {
  const faults: CountFault[] = [];
  for (const [channel, now] of Object.entries(counts)) {
    const earlier = before?.counts[channel] ?? null;
    const note = (what: string): void => {
      faults.push({ what: `${channel}: ${what}`, shown: JSON.stringify(now) });
    };
    const parts = [now.delivered, sum(now.failed), sum(now.skipped), now.cancelled, now.pending];
    if (now.total !== total) note(`the total isn't ${total}`);
    if (parts.reduce((a, b) => a + b, 0) !== now.total) note("the sum doesn't close");
    if (parts.some((part) => part < 0 || part > now.total)) note("a count exceeds the total");
    if (state === "completed" && now.pending > 0) note("completed with pending ones");
    const wasTakenBack =
      earlier !== null &&
      (now.delivered < earlier.delivered ||
        sum(now.failed) < sum(earlier.failed) ||
        sum(now.skipped) < sum(earlier.skipped));
    if (wasTakenBack) note("an outcome was taken back");
  }
  if (before?.state === "completed" && state !== "completed") {
    faults.push({ what: "a completed one is sending again", shown: state });
  }
  return faults;
}
