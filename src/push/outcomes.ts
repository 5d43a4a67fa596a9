import type { DeliveryStatus, FailureReason } from "../notifications/model.ts";
import type { DeviceOutcome } from "./model.ts";

/** A provider that asks for no pause at all still gets one, ms. */
const MIN_WAIT_MS = 1000;

/** What a push has become: settled, waiting for another attempt, or both, where one device has it already. */
export interface PushVerdict {
  /** The delivery's outcome, null while it is pending. */
  settled: { status: DeliveryStatus; reason: FailureReason | null; message: string | null } | null;
  /** Devices that are still to be tried; none: the push is done with. */
  remaining: string[];
  tries: number;
  /** When to try them, Unix ms. */
  dueAt: number;
}

export interface PushProgress {
  /** Attempts before this one. */
  tries: number;
  /** A device had taken it before. */
  accepted: boolean;
  /** Keys of all devices that were still to be tried. */
  deviceKeys: readonly string[];
  expiresAt: number;
}

export interface RetryRules {
  maxTries: number;
  /** How long after so many attempts the next one is made, where the provider doesn't say, ms. */
  delayMs: (tries: number) => number;
}

/**
 * Judges a push by what its devices' providers said, pure. It is delivered when one device has taken it. While
 * others can still get it, only they are tried again: until all have answered, the tries are used up, or the
 * next attempt would come after the notification has expired.
 */
export function judgePush(
  { tries, accepted, deviceKeys, expiresAt }: PushProgress,
  outcomes: ReadonlyMap<string, DeviceOutcome>,
  { maxTries, delayMs }: RetryRules,
  now: number,
): PushVerdict {
  const found = [...outcomes.values()];
  const isTried = found.some(({ outcome }) => outcome !== "untried");
  const triesNow = tries + (isTried ? 1 : 0);
  const left = deviceKeys.filter((key) => isOpen(outcomes.get(key)));
  const retries = found.filter((outcome) => outcome.outcome === "retry");
  const waits = retries.map(({ afterMs }) =>
    afterMs === null ? delayMs(triesNow) : Math.max(afterMs, MIN_WAIT_MS),
  );
  const waitMs = Math.max(0, ...waits);
  const dueAt = now + waitMs;
  const goesOn = left.length > 0 && dueAt < expiresAt && (triesNow < maxTries || retries.length === 0);
  const remaining = goesOn ? left : [];
  const verdict = { remaining, tries: triesNow, dueAt };
  if (accepted || found.some(({ outcome }) => outcome === "accepted")) {
    return { ...verdict, settled: { status: "delivered", reason: null, message: null } };
  }
  if (goesOn) return { ...verdict, settled: null };
  return { ...verdict, settled: { status: "failed", ...explainFailure(found, left.length > 0, triesNow) } };
}

/** Why a push that expired was never delivered: the provider didn't take it, or nobody came to send it. */
export function expiredReason(tries: number, isProviderDown: boolean): FailureReason {
  return tries > 0 || isProviderDown ? "provider_unavailable" : "expired";
}

function isOpen(outcome: DeviceOutcome | undefined): boolean {
  return outcome === undefined || outcome.outcome === "retry" || outcome.outcome === "untried";
}

function explainFailure(
  found: readonly DeviceOutcome[],
  isUnfinished: boolean,
  tries: number,
): { reason: FailureReason; message: string | null } {
  if (isUnfinished) {
    const last = found.find((outcome) => outcome.outcome === "retry");
    return { reason: expiredReason(tries, false), message: last?.message ?? null };
  }
  const refused = found.filter((outcome) => outcome.outcome === "rejected" || outcome.outcome === "gone");
  const rejected = refused.find((outcome) => outcome.outcome === "rejected");
  // A refusal of the push says more than that another device is gone.
  const said = rejected ?? refused[0];
  return { reason: rejected?.reason ?? "provider_rejected", message: said?.message ?? null };
}
