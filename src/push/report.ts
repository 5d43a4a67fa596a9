import type { Remote } from "../objects/remote.ts";
import type { UserShard } from "../users/user-shard.ts";
import type { PushClaim, PushReport } from "./model.ts";

const ATTEMPTS = 3;

/**
 * Tells a shard what became of its pushes. With `leaseMs` the shard hands out the next of that notification and
 * channel in the same transaction; null: there are none, or none were asked for.
 * Repeated where the call fails, as the same report again changes
 * nothing; a report that never arrives is made up for when the claim's lease ends, by pushes that show once.
 */
export async function reportPushes(
  openShard: () => Remote<UserShard>,
  report: PushReport,
  leaseMs: number | null = null,
): Promise<PushClaim | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      // Opened anew: a stub that failed stays failed.
      return await openShard().reportPushes(report, leaseMs);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      console.warn({
        message: "a push report failed",
        notificationId: report.notificationId,
        attempt,
        error,
      });
    }
  }
}
