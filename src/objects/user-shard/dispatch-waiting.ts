import type { DueTable } from "../kit/due.ts";
import { DISPATCH_DUTY } from "./dispatch-circuits.ts";
import type { DispatchWakes } from "./dispatch-wakes.ts";
import type { UsersInHand } from "./users-in-hand.ts";

/** What waited for these users' other dispatches gets a message, as much as they may be asked for at once. */
export function wakeWaiting(
  { inHand, wakes, due }: { inHand: UsersInHand; wakes: DispatchWakes; due: DueTable },
  userIds: readonly string[],
  now: number,
): void {
  for (const userId of userIds) {
    let free = inHand.countFree(userId);
    while (free > 0) {
      const lane = inHand.takeWaiting(userId);
      if (lane === null) break;
      if (!wakes.wakeOne(lane, userId, now)) continue;
      due.bringForward(DISPATCH_DUTY, "", now);
      free--;
    }
  }
}
