import type { DueTable } from "../kit/due.ts";
import { DISPATCH_DUTY } from "./dispatch-circuits.ts";
import type { DispatchStore } from "./dispatch-store.ts";
import type { UsersInHand } from "./users-in-hand.ts";

/** What waited for these users' other dispatches gets a message, as much as they may be asked for at once. */
export function wakeWaiting(
  { inHand, store, due }: { inHand: UsersInHand; store: DispatchStore; due: DueTable },
  userIds: readonly string[],
  now: number,
): void {
  for (const userId of userIds) {
    let free = inHand.countFree(userId);
    while (free > 0) {
      const lane = inHand.takeWaiting(userId);
      if (lane === null) break;
      if (!store.wakeOne(lane, userId, now)) continue;
      due.bringForward(DISPATCH_DUTY, "", now);
      free--;
    }
  }
}
