import { performance } from "node:perf_hooks";
import type { OnecallClient } from "./onecall-client.ts";

interface NotificationView {
  state: string;
  counts: Record<string, { total: number; delivered: number; pending: number }>;
}

/** One batch, timed. ms. */
export interface BatchResult {
  sendCallMs: number;
  /** From the request to the read that says completed. */
  allCountedMs: number;
}

/** Sends a batch and polls its counts until all are in; throws where the sum doesn't close. */
export async function timeBatch(
  client: OnecallClient,
  targets: number,
  prefix: string,
): Promise<BatchResult> {
  const body = client.batchBody(targets, prefix);
  const start = performance.now();
  const response = await fetch(`${client.url}${client.sendPath}`, {
    method: "POST",
    headers: client.headers,
    body,
  });
  const { notificationId } = (await response.json()) as { notificationId: string };
  const sendCallMs = performance.now() - start;
  for (;;) {
    const view = await client.call<NotificationView>("GET", `/notifications/${notificationId}`);
    const counts = view.counts["in-app-alerts"];
    if (counts === undefined || counts.delivered + counts.pending !== targets)
      throw new Error("The sum doesn't close");
    if (view.state === "completed") return { sendCallMs, allCountedMs: performance.now() - start };
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
