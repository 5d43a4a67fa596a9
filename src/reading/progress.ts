import type { NotificationRecord } from "../objects/ledger/contract.ts";

/** Between two looks at a notification, ms: at most one event a second and viewer. */
const INTERVAL_MS = 1000;
/** A comment now and then shows both ends that the other is still there. */
const HEARTBEAT_LOOKS = 15;
/** A stream ends after half an hour; its client connects again. */
const MAX_LOOKS = 1800;

const ENCODER = new TextEncoder();

/** What a viewer is shown of a notification, and whether there will be more. */
export interface ProgressView {
  data: object;
  isFinal: boolean;
}

/**
 * A notification's progress as Server-Sent Events: at once, then whenever what is shown has changed, and last its
 * final state. Looks are made while somebody reads, and none after they have gone.
 */
export function streamProgress(
  first: NotificationRecord,
  readAgain: () => Promise<NotificationRecord | null>,
  present: (record: NotificationRecord) => ProgressView,
): ReadableStream<Uint8Array> {
  let shown = "";
  let looks = 0;
  let isDone = false;

  /** The event where there is something new, else null. */
  const show = (record: NotificationRecord): Uint8Array | null => {
    const { data, isFinal } = present(record);
    const json = JSON.stringify(data);
    isDone = isFinal;
    if (json === shown) return null;
    shown = json;
    return ENCODER.encode(`event: progress\ndata: ${json}\n\n`);
  };

  /** Waits for the next thing to send; null at the end. */
  const next = async (): Promise<Uint8Array | null> => {
    while (!isDone && looks < MAX_LOOKS) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      looks++;
      const record = await readAgain();
      const event = record === null ? null : show(record);
      if (event !== null) return event;
      if (looks % HEARTBEAT_LOOKS === 0) return ENCODER.encode(": still there\n\n");
    }
    return null;
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const event = show(first);
        if (event !== null) controller.enqueue(event);
      },
      async pull(controller) {
        const chunk = await next();
        if (chunk === null) controller.close();
        else controller.enqueue(chunk);
      },
      cancel() {
        isDone = true;
      },
    },
    { highWaterMark: 1 },
  );
}
