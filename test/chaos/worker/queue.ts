import type { FaultCounts, MessageFaults } from "./message-faults.ts";

type Consume = (batch: MessageBatch) => Promise<void>;

/** Hands a batch to the consumer as a queue on a bad day would: message by message, by the faults drawn for each. */
export async function consumeWithFaults(
  batch: MessageBatch,
  faults: MessageFaults,
  counts: FaultCounts,
  consume: Consume,
): Promise<void> {
  const deliver = (messages: readonly Message[]) => consume(withMessages(batch, messages));
  const atOnce: Message[] = [];
  const later: Promise<void>[] = [];
  for (const message of batch.messages) {
    const fault = faults.next();
    if (fault.kind !== "none") counts[fault.kind]++;
    if (fault.kind === "dropped") message.ack();
    else if (fault.kind === "requeued") message.retry({ delaySeconds: fault.seconds });
    else if (fault.kind === "held") later.push(wait(fault.ms).then(() => deliver([message])));
    else {
      atOnce.push(message);
      if (fault.kind === "doubled") later.push(wait(fault.ms).then(() => deliver([copyOf(message)])));
    }
  }
  const reordered = faults.reorder(atOnce);
  if (reordered.some((message, index) => message !== atOnce[index])) counts.reordered++;
  if (reordered.length > 0) later.push(deliver(reordered));
  await Promise.all(later);
}

function withMessages({ queue, metadata }: MessageBatch, messages: readonly Message[]): MessageBatch {
  return {
    queue,
    metadata,
    messages,
    ackAll: () => messages.forEach((message) => void message.ack()),
    retryAll: (options) => messages.forEach((message) => void message.retry(options)),
  };
}

/** The second of a doubled message is one of its own to the queue: what becomes of it doesn't touch the first. */
function copyOf({ id, timestamp, body, attempts }: Message): Message {
  return { id, timestamp, body, attempts, ack() {}, retry() {} } as Message;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
