/** What a queue's messages are. */
export type QueueKind = "deliveries" | "push" | "dead-letters";

const NAME = /-(?:(deliveries|push)-(?:high|normal|low)|(push)-slow|(dead-letters))$/;

/**
 * Tells a queue by the end of its name: an installation's name is what it begins with, and may be anything. Throws
 * for a queue that is none of Onecall's, so that its messages are kept and not taken for something else.
 */
export function kindOfQueue(name: string): QueueKind {
  const [, prioritized, push, single] = NAME.exec(name) ?? [];
  if (prioritized === "deliveries" || prioritized === "push") return prioritized;
  if (push === "push") return push;
  if (single === "dead-letters") return single;
  throw new Error(`The queue "${name}" is none of Onecall's`);
}
