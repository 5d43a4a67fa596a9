import { vi } from "vitest";

/**
 * Many files' tests share a worker, and what one of them started may still be at work in the next: a clock set ahead
 * would give notifications ids of the future, which every later id then follows. Such tests run alone
 * (TESTS_ALONE in vitest.config.ts).
 */
function refuse(): never {
  throw new Error("A test that sets the clock belongs in TESTS_ALONE of vitest.config.ts");
}

vi.useFakeTimers = refuse;
vi.setSystemTime = refuse;
