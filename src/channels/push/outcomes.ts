import type { DeliveryStatus, FailureReason, SkipReason } from "../../model/notification.ts";
import type { DeviceOutcome } from "../../model/push.ts";

/** A device that may still get the push. */
export interface DeviceProgress {
  key: string;
  /** Attempts so far. */
  tries: number;
  /** Not before, Unix ms. */
  dueAt: number;
}

/** What a push has become: settled, waiting for another attempt, or both, where one device has it already. */
export interface PushVerdict {
  /** The delivery's outcome, null while it is pending. */
  settled: {
    status: DeliveryStatus;
    reason: FailureReason | SkipReason | null;
    message: string | null;
  } | null;
  /** Devices that are still to be tried; none: the push is done with. */
  remaining: DeviceProgress[];
  /** True where a provider was asked, for any of its devices. */
  wasTried: boolean;
}

export interface PushProgress {
  /** A device had taken it before. */
  accepted: boolean;
  /** Attempts before this one, of any device. */
  tries: number;
  /** All devices that were still to be tried. */
  devices: readonly DeviceProgress[];
  expiresAt: number;
}

export interface RetryRules {
  maxTries: number;
  /** How long after so many attempts the next one is made, where the provider doesn't say, ms. */
  delayMs: (tries: number) => number;
}

/** A provider that asks for no pause at all still gets one, ms. */
const MIN_WAIT_MS = 1000;

/**
 * Judges a push by what its devices' providers said, pure. It is delivered when one device has taken it. Each
 * device is tried again by itself: until its provider has answered, its tries are used up, or its next attempt
 * would come after the notification has expired. None of them is given up for another's sake.
 */
export function judgePush(
  { accepted, tries, devices, expiresAt }: PushProgress,
  outcomes: ReadonlyMap<string, DeviceOutcome>,
  rules: RetryRules,
  now: number,
): PushVerdict {
  const found = [...outcomes.values()];
  const wasTried = found.some(isAttempt);
  const open = devices.flatMap((device) => nextAttempt(device, outcomes.get(device.key), rules, now) ?? []);
  const remaining = open.filter((device) => device.tries < rules.maxTries && device.dueAt < expiresAt);
  const verdict = { remaining, wasTried };
  if (accepted || found.some(({ outcome }) => outcome === "accepted")) {
    return { ...verdict, settled: { status: "delivered", reason: null, message: null } };
  }
  if (remaining.length > 0) return { ...verdict, settled: null };
  const settled = explainEnd(found, open.length > 0, tries > 0 || wasTried);
  return { ...verdict, settled };
}

/** Why a push that expired was never delivered: the provider didn't take it, or nobody came to send it. */
export function expiredReason(tries: number, isProviderDown: boolean): FailureReason {
  return tries > 0 || isProviderDown ? "provider_unavailable" : "expired";
}

/** Null where the device is done with. */
function nextAttempt(
  device: DeviceProgress,
  outcome: DeviceOutcome | undefined,
  { delayMs }: RetryRules,
  now: number,
): DeviceProgress | null {
  if (outcome === undefined) return device;
  if (outcome.outcome === "untried") {
    return outcome.afterMs === undefined ? device : { ...device, dueAt: now + outcome.afterMs };
  }
  if (outcome.outcome !== "retry") return null;
  const tries = device.tries + 1;
  const waitMs = outcome.afterMs === null ? delayMs(tries) : Math.max(outcome.afterMs, MIN_WAIT_MS);
  return { key: device.key, tries, dueAt: now + waitMs };
}

function isAttempt({ outcome }: DeviceOutcome): boolean {
  return outcome !== "untried" && outcome !== "unreachable";
}

function explainEnd(
  found: readonly DeviceOutcome[],
  isGivenUp: boolean,
  wasEverTried: boolean,
): NonNullable<PushVerdict["settled"]> {
  const refused = found.filter((outcome) => outcome.outcome === "rejected" || outcome.outcome === "gone");
  if (isGivenUp) {
    const last = found.find((outcome) => outcome.outcome === "retry");
    const reason = expiredReason(wasEverTried ? 1 : 0, false);
    return { status: "failed", reason, message: last?.message ?? null };
  }
  // Its devices were deleted meanwhile, or the channel can't reach any.
  const isUnreachable = found.some(({ outcome }) => outcome === "unreachable") || !wasEverTried;
  if (refused.length === 0 && isUnreachable) return { status: "skipped", reason: "no_device", message: null };
  const rejected = refused.find((outcome) => outcome.outcome === "rejected");
  // A refusal of the push says more than that another device is gone.
  const said = rejected ?? refused[0];
  return {
    status: "failed",
    reason: rejected?.reason ?? "provider_rejected",
    message: said?.message ?? null,
  };
}
