import { performance } from "node:perf_hooks";
import type { OnecallClient } from "./onecall-client.ts";
import { CHANNEL_KEY } from "./targets-file.ts";

const POLL_MS = 10;

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

/** Sends a batch with its targets in the body, until all are counted. */
export function timeBatch(client: OnecallClient, targets: number, prefix: string): Promise<BatchResult> {
  const body = client.batchBody(targets, prefix);
  return timeSend(client, targets, async () => {
    const response = await fetch(`${client.url}${client.sendPath}`, {
      method: "POST",
      headers: client.headers,
      body,
    });
    const { notificationId } = (await response.json()) as { notificationId: string };
    return notificationId;
  });
}

/** Times a send that returns its notification's id, and polls the counts until all are in. */
export async function timeSend(
  client: OnecallClient,
  targets: number,
  send: () => Promise<string>,
): Promise<BatchResult> {
  const start = performance.now();
  const id = await send();
  const sendCallMs = performance.now() - start;
  while (!(await isCounted(client, id, targets))) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { sendCallMs, allCountedMs: performance.now() - start };
}

/** True once every target is counted; throws where the sum doesn't close. */
export async function isCounted(client: OnecallClient, id: string, targets: number): Promise<boolean> {
  const view = await client.call<NotificationView>("GET", `/notifications/${id}`);
  const counts = view.counts[CHANNEL_KEY];
  if (counts === undefined || counts.delivered + counts.pending !== targets)
    throw new Error("The sum doesn't close");
  return view.state === "completed";
}
