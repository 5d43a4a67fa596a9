import { afterEach } from "vitest";
import { bindings } from "./faults.ts";

/**
 * For tests of providers that don't answer: how long they are waited for, in the Worker and its objects alike, until
 * the test's end. Other tests wait as long as production does, so that no busy machine makes an answer late.
 */
export function setPushTimeout(seconds: number): void {
  const variables: Record<"PUSH_TIMEOUT_SECONDS", number> = bindings;
  before ??= variables.PUSH_TIMEOUT_SECONDS;
  variables.PUSH_TIMEOUT_SECONDS = seconds;
}

let before: number | null = null;

/** Once in each file that uses {@link setPushTimeout}. */
export function resetPushTimeout(): void {
  afterEach(() => {
    if (before !== null) Object.assign(bindings, { PUSH_TIMEOUT_SECONDS: before });
    before = null;
  });
}
