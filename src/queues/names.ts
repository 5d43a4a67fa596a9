/** What a queue's messages are. */
export type QueueKind = "deliveries" | "dispatches" | "dead-letters";

/** By the end of a queue's name. The push queues carry what any channel's providers are called for. */
const KINDS: readonly (readonly [name: RegExp, kind: QueueKind])[] = [
  [/-deliveries-(?:high|normal|low)$/, "deliveries"],
  [/-push-(?:high|normal|low|slow)$/, "dispatches"],
  [/-dead-letters$/, "dead-letters"],
];

/**
 * Tells a queue by the end of its name: an installation's name is what it begins with, and may be anything. Throws
 * for a queue that is none of Onecall's, so that its messages are kept and not taken for something else.
 */
export function kindOfQueue(name: string): QueueKind {
  const found = KINDS.find(([end]) => end.test(name));
  if (found === undefined) throw new Error(`The queue "${name}" is none of Onecall's`);
  return found[1];
}
