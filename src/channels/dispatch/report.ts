import type { DispatchLease, DispatchReport } from "../../model/dispatch.ts";
import type { Remote } from "../../objects/kit/remote.ts";
import type { UserShardContract } from "../../objects/user-shard/contract.ts";

/** Before each attempt but the first, ms. An object that was moved or ended is there again by then. */
const PAUSES_MS = [50, 200, 800];

/**
 * Tells a shard what became of its dispatches. With `leaseMs` the shard hands out the next of that notification and
 * channel in the same transaction; null: there are none, or none were asked for.
 * Repeated where the call fails, as the same report again changes nothing; a report that never arrives is made up for
 * when the lease ends, by messages that show once.
 */
export async function reportDispatches(
  getShardStub: () => Remote<UserShardContract>,
  report: DispatchReport,
  leaseMs: number | null = null,
): Promise<DispatchLease | null> {
  for (const pauses = PAUSES_MS.values(); ; ) {
    try {
      // Opened anew: a stub that failed stays failed.
      return await getShardStub().reportDispatches(report, leaseMs);
    } catch (error) {
      const { value: pauseMs } = pauses.next();
      if (pauseMs === undefined) throw error;
      console.warn({
        message: "a report of dispatches failed",
        notificationId: report.notificationId,
        pauseMs,
        error,
      });
      await scheduler.wait(pauseMs);
    }
  }
}
