import { performance } from "node:perf_hooks";
import { CHANNEL_KEY } from "./file-template.ts";
import type { OnecallClient } from "./onecall-client.ts";

/** Where a send is counted, and how often that is asked. */
interface Watch {
  channelKey: string;
  pollMs: number;
}

const IN_APP: Watch = { channelKey: CHANNEL_KEY, pollMs: 10 };

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
export function timeBatch(
  client: OnecallClient,
  targets: number,
  prefix: string,
  watch: Watch = IN_APP,
): Promise<BatchResult> {
  const body = client.batchBody(targets, prefix);
  const send = async (): Promise<string> => {
    const response = await fetch(`${client.url}${client.sendPath}`, {
      method: "POST",
      headers: client.headers,
      body,
    });
    const { notificationId } = (await response.json()) as { notificationId: string };
    return notificationId;
  };
  return timeSend(client, targets, send, watch);
}

/** Times a send that returns its notification's id, and polls the counts until all are in. */
export async function timeSend(
  client: OnecallClient,
  targets: number,
  send: () => Promise<string>,
  { channelKey, pollMs }: Watch = IN_APP,
): Promise<BatchResult> {
  const start = performance.now();
  const id = await send();
  const sendCallMs = performance.now() - start;
  while (!(await isCounted(client, id, targets, channelKey))) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return { sendCallMs, allCountedMs: performance.now() - start };
}

/** True once every target is counted; throws where the sum doesn't close. */
export async function isCounted(
  client: OnecallClient,
  id: string,
  targets: number,
  channelKey = CHANNEL_KEY,
): Promise<boolean> {
  const view = await client.call<NotificationView>("GET", `/notifications/${id}`);
  const counts = view.counts[channelKey];
  if (counts === undefined || counts.delivered + counts.pending !== targets)
    throw new Error("The sum doesn't close");
  return view.state === "completed";
}
