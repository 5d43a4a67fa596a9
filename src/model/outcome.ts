import { type ErrorCode, type Fault, Faults, faultsToError, OnecallError } from "./errors.ts";

/**
 * What an object answers where the caller may be at fault. A value, not an exception: error classes don't
 * survive the way from an object to the Worker, and an exception from there means that something broke.
 */
export type Outcome<T> = { ok: true; value: T } | Refusal;

/** Why not. `retryAfterSeconds`: the same call may succeed then. */
export interface Refusal {
  ok: false;
  code: ErrorCode;
  message: string;
  faults?: Fault[];
  moreFaults?: number;
  retryAfterSeconds?: number;
}

export function succeed<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refuse(code: ErrorCode, message: string, retryAfterSeconds?: number): Refusal {
  return { ok: false, code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

export function refuseFaults(found: Faults | readonly Fault[], code: ErrorCode = "ERR_BAD_REQUEST"): Refusal {
  const faults = found instanceof Faults ? found : new Faults(found);
  return { ok: false, code, message: "", faults: [...faults], moreFaults: faults.more };
}

/** The value, or the refusal as the error that the router shows. */
export function requireValue<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw toError(outcome);
}

/** What was looked for; where there is none, the refusal as the error that the router shows. */
export function requireFound<T>(found: T | null, refusal: Refusal): T {
  if (found !== null) return found;
  throw toError(refusal);
}

/** A refusal as the error that the router shows. */
export function toError({ code, message, faults, moreFaults, retryAfterSeconds }: Refusal): OnecallError {
  if (faults !== undefined) return faultsToError(new Faults(faults, moreFaults), code);
  return new OnecallError(code, message, {
    headers: retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) },
  });
}
