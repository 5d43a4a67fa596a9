import type { DispatchReport } from "../../../src/model/dispatch.ts";

/** Pushes that a provider took and a shard wrote down, in a line of the Worker's log. */

const LINE = /^chaos settled (\d+) (\S+) (\S+)$/;
/** Of a device's key: enough to tell devices apart. */
const KEY_CHARACTERS = 16;

export interface SettledPushes {
  /** Unix ms. */
  at: number;
  /** By {@link settledName}. */
  names: string[];
}

/** One notification on one device. `deviceKey`: the SHA-256 of its address, as hex. */
export function settledName(notificationId: string, deviceKey: string): string {
  return `${notificationId} ${deviceKey.slice(0, KEY_CHARACTERS)}`;
}

/** Null where no provider took anything. */
export function settledLine({ notificationId, targets }: DispatchReport, now: number): string | null {
  const taken = targets
    .flatMap(({ addresses }) => addresses)
    .filter(({ outcome }) => outcome.outcome === "accepted")
    .map(({ key }) => key.slice(0, KEY_CHARACTERS));
  return taken.length === 0 ? null : `chaos settled ${now} ${notificationId} ${taken.join(",")}`;
}

/** Null where it is another line. */
export function parseSettledLine(line: string): SettledPushes | null {
  const [, at, notificationId, keys] = LINE.exec(line.trim()) ?? [];
  if (at === undefined || notificationId === undefined || keys === undefined) return null;
  return { at: Number(at), names: keys.split(",").map((key) => settledName(notificationId, key)) };
}
