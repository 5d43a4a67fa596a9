import type { AddressOutcome } from "../../model/dispatch.ts";
import type { DeliveryStatus, FailureReason, SkipReason } from "../../model/notification.ts";

/** An address that may still get the message. */
export interface AddressProgress {
  key: string;
  /** Attempts so far. */
  tries: number;
  /** Not before, Unix ms. */
  dueAt: number;
}

/** What a dispatch has become: settled, waiting for another attempt, or both, where one address has it already. */
export interface DispatchVerdict {
  /** The delivery's outcome, null while it is pending. */
  settled: {
    status: DeliveryStatus;
    reason: FailureReason | SkipReason | null;
    message: string | null;
  } | null;
  /** Addresses that are still to be tried; none: the dispatch is done with. */
  remaining: AddressProgress[];
  /** True where a provider was asked, for any of its addresses. */
  wasTried: boolean;
}

export interface DispatchProgress {
  /** One of them had taken it before. */
  accepted: boolean;
  /** Attempts before this one, of any address. */
  tries: number;
  /** All that were still to be tried. */
  addresses: readonly AddressProgress[];
  expiresAt: number;
}

export interface RetryRules {
  /** Why a delivery is skipped whose user has no address that can be reached. */
  skipReason: SkipReason;
  maxTries: number;
  /** How long after so many attempts the next one is made, where the provider doesn't say, ms. */
  delayMs: (tries: number) => number;
}

/** A provider that asks for no pause at all still gets one, ms. */
const MIN_WAIT_MS = 1000;

/**
 * Judges a dispatch by what its addresses' providers said, pure. It is delivered when one of them has taken it. Each
 * is tried again by itself: until its provider has answered, its tries are used up, or its next attempt
 * would come after the notification has expired. None of them is given up for another's sake.
 */
export function judgeDispatch(
  { accepted, tries, addresses, expiresAt }: DispatchProgress,
  outcomes: ReadonlyMap<string, AddressOutcome>,
  rules: RetryRules,
  now: number,
): DispatchVerdict {
  const found = [...outcomes.values()];
  const wasTried = found.some(isAttempt);
  const open = addresses.flatMap((entry) => nextAttempt(entry, outcomes.get(entry.key), rules, now) ?? []);
  const remaining = open.filter(({ tries, dueAt }) => tries < rules.maxTries && dueAt < expiresAt);
  const verdict = { remaining, wasTried };
  if (accepted || found.some(({ outcome }) => outcome === "accepted")) {
    return { ...verdict, settled: { status: "delivered", reason: null, message: null } };
  }
  if (remaining.length > 0) return { ...verdict, settled: null };
  const settled = explainEnd(found, open.length > 0, tries > 0 || wasTried, rules.skipReason);
  return { ...verdict, settled };
}

/** Why a dispatch that expired was never delivered: the provider didn't take it, or nobody came to send it. */
export function expiredReason(tries: number, isProviderDown: boolean): FailureReason {
  return tries > 0 || isProviderDown ? "provider_unavailable" : "expired";
}

/** Null where the address is done with. */
function nextAttempt(
  entry: AddressProgress,
  outcome: AddressOutcome | undefined,
  { delayMs }: RetryRules,
  now: number,
): AddressProgress | null {
  if (outcome === undefined) return entry;
  if (outcome.outcome === "untried") {
    return outcome.afterMs === undefined ? entry : { ...entry, dueAt: now + outcome.afterMs };
  }
  if (outcome.outcome !== "retry") return null;
  const tries = entry.tries + 1;
  const waitMs = outcome.afterMs === null ? delayMs(tries) : Math.max(outcome.afterMs, MIN_WAIT_MS);
  return { key: entry.key, tries, dueAt: now + waitMs };
}

function isAttempt({ outcome }: AddressOutcome): boolean {
  return outcome !== "untried" && outcome !== "unreachable";
}

function explainEnd(
  found: readonly AddressOutcome[],
  isGivenUp: boolean,
  wasEverTried: boolean,
  skipReason: SkipReason,
): NonNullable<DispatchVerdict["settled"]> {
  const refused = found.filter((outcome) => outcome.outcome === "rejected" || outcome.outcome === "gone");
  if (isGivenUp) {
    const last = found.find((outcome) => outcome.outcome === "retry");
    const reason = expiredReason(wasEverTried ? 1 : 0, false);
    return { status: "failed", reason, message: last?.message ?? null };
  }
  // Its addresses were deleted meanwhile, or the channel can't reach any.
  const isUnreachable = found.some(({ outcome }) => outcome === "unreachable") || !wasEverTried;
  if (refused.length === 0 && isUnreachable) return { status: "skipped", reason: skipReason, message: null };
  const rejected = refused.find((outcome) => outcome.outcome === "rejected");
  // A refusal of the message says more than that another address is gone.
  const said = rejected ?? refused[0];
  return {
    status: "failed",
    reason: rejected?.reason ?? "provider_rejected",
    message: said?.message ?? null,
  };
}
