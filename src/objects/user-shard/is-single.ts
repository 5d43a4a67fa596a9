import type { NotificationHeader } from "../../model/notification.ts";

/** A realtime send to one: the shard alone commits it. */
export function isSingle({ mode, total }: NotificationHeader): boolean {
  return mode === "realtime" && total === 1;
}
