import type { Remote } from "../objects/remote.ts";
import type { UserShard } from "../users/user-shard.ts";
import type { PushReport } from "./model.ts";

const ATTEMPTS = 3;

/**
 * Tells a shard what became of its pushes. Repeated where the call fails, as the same report again changes
 * nothing; a report that never arrives is made up for when the claim's lease ends, by pushes that show once.
 */
export async function reportPushes(openShard: () => Remote<UserShard>, report: PushReport): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      // Opened anew: a stub that failed stays failed.
      await openShard().reportPushes(report);
      return;
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
