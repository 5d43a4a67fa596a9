import { afterAll, vi } from "vitest";

// Files share a worker: a clock that one of them has set would go on in the next.
afterAll(() => {
  vi.useRealTimers();
});
