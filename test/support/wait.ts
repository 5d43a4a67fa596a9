import { expect, vi } from "vitest";
import type { Body, TestApp } from "./api.ts";

/** Waits until a notification is completed, checking at every read that the sum closes; returns it. */
export async function waitUntilCompleted(app: TestApp, id: string, timeoutMs = 45_000): Promise<Body> {
  return vi.waitFor(
    async () => {
      const notification = await app.notification(id);
      expectSumToClose(notification);
      expect(notification.state).toBe("completed");
      return notification;
    },
    { timeout: timeoutMs, interval: 20 },
  );
}

/** `total = delivered + failed + skipped + cancelled + pending` in every channel. */
export function expectSumToClose(notification: Body): void {
  for (const counts of Object.values<Body>(notification.counts)) {
    const { total, delivered, failed, skipped, cancelled, pending } = counts;
    const sum = delivered + sumOf(failed) + sumOf(skipped) + cancelled + pending;
    expect(sum, JSON.stringify(counts)).toBe(total);
    expect(pending).toBeGreaterThanOrEqual(0);
  }
}

function sumOf(reasons: Record<string, number>): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}
