import { createRandom, type Random } from "./random.ts";

/** What befalls a queue message on its way to the consumer. */
export type MessageFault =
  | { kind: "none" }
  /** It is lost: acknowledged, and nobody has seen it. */
  | { kind: "dropped" }
  /** It comes to the consumer so much later, while others overtake it. */
  | { kind: "held"; ms: number }
  /** It goes back into the queue, behind what is there by then. */
  | { kind: "requeued"; seconds: number }
  /** The consumer gets it twice, the second time so much later. */
  | { kind: "doubled"; ms: number };

export type FaultCounts = Record<Exclude<MessageFault["kind"], "none"> | "reordered", number>;

/** Names each call that Onecall makes to a provider: `{start} {number}`. */
export const CALL_HEADER = "x-chaos-call";
/**
 * The numbers of calls of the same start that had no answer, the newest. A push that is sent again tells so itself:
 * what else knows it may end with the Worker before it is asked.
 */
export const UNANSWERED_HEADER = "x-chaos-unanswered";
/** Numbers in that header: what Node takes of headers is 16 KB. */
const MAX_TOLD = 1000;

export function callName(start: string, call: number): string {
  return `${start} ${call}`;
}

export function tellUnanswered(calls: readonly number[]): string {
  return calls.slice(-MAX_TOLD).join(",");
}

/** Names of the calls that had no answer, as a later call of the same start tells them. */
export function readUnanswered(headers: Record<string, string>): string[] {
  const [start = ""] = (headers[CALL_HEADER] ?? "").split(" ");
  const told = headers[UNANSWERED_HEADER] ?? "";
  return told === "" ? [] : told.split(",").map((call) => callName(start, Number(call)));
}

/** Of a hundred messages. */
const SHARES: readonly (readonly [MessageFault["kind"], number])[] = [
  ["dropped", 10],
  ["held", 10],
  ["requeued", 10],
  ["doubled", 10],
];
const MAX_HELD_MS = 800;
/** The queue takes whole seconds. */
const MAX_REQUEUED_SECONDS = 2;
const MAX_APART_MS = 500;

/** The faults of one queue's messages, one after another, from one start of the Worker to the next. */
export class MessageFaults {
  readonly #random: Random;
  /** Of its own: how many batches messages come in doesn't move what befalls each. */
  readonly #order: Random;

  constructor(seed: number, start: number, queue: string) {
    this.#random = createRandom(seed, "messages", start, queue);
    this.#order = createRandom(seed, "order", start, queue);
  }

  /** Of the next message that arrives. */
  next(): MessageFault {
    let left = this.#random.next() * 100;
    // Drawn for every message, so that one message's kind doesn't move what the others get.
    const amount = this.#random.next();
    for (const [kind, share] of SHARES) {
      left -= share;
      if (left < 0) return toFault(kind, amount);
    }
    return { kind: "none" };
  }

  reorder<T>(messages: readonly T[]): T[] {
    return this.#order.shuffle(messages);
  }
}

function toFault(kind: MessageFault["kind"], amount: number): MessageFault {
  if (kind === "held") return { kind, ms: Math.round(amount * MAX_HELD_MS) };
  if (kind === "requeued") return { kind, seconds: Math.round(amount * MAX_REQUEUED_SECONDS) };
  if (kind === "doubled") return { kind, ms: Math.round(amount * MAX_APART_MS) };
  return { kind: kind === "dropped" ? kind : "none" } as MessageFault;
}

export function describeFault(fault: MessageFault): string {
  if (fault.kind === "held") return `held ${fault.ms} ms`;
  if (fault.kind === "requeued") return `requeued ${fault.seconds} s`;
  if (fault.kind === "doubled") return `doubled after ${fault.ms} ms`;
  return fault.kind;
}
