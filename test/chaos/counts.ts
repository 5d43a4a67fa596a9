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

export function sum(reasons: Record<string, number>): number {
  return Object.values(reasons).reduce((total, count) => total + count, 0);
}

/** What is wrong with counts at the moment of any read; `before` is an earlier read of the same notification. */
export function findFaults(
  { state, counts }: NotificationRead,
  total: number,
  before: NotificationRead | null,
): string[] {
  const faults: string[] = [];
  for (const [channel, now] of Object.entries(counts)) {
    const parts = [now.delivered, sum(now.failed), sum(now.skipped), now.cancelled, now.pending];
    const shown = `${channel}: ${JSON.stringify(now)}`;
    if (now.total !== total) faults.push(`the total isn't ${total}. ${shown}`);
    if (parts.reduce((a, b) => a + b, 0) !== now.total) faults.push(`the sum doesn't close. ${shown}`);
    if (parts.some((part) => part < 0 || part > now.total))
      faults.push(`a count exceeds the total. ${shown}`);
    if (state === "completed" && now.pending > 0) faults.push(`completed with pending ones. ${shown}`);
    const earlier = before?.counts[channel];
    if (earlier === undefined) continue;
    const wasTakenBack =
      now.delivered < earlier.delivered ||
      sum(now.failed) < sum(earlier.failed) ||
      sum(now.skipped) < sum(earlier.skipped);
    if (wasTakenBack) faults.push(`an outcome was taken back. ${shown}; before: ${JSON.stringify(earlier)}`);
  }
  if (before?.state === "completed" && state !== "completed") faults.push("a completed one is sending again");
  return faults;
}
