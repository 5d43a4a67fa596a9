import days from "./days-entry.ts";
import onecall, { type CountedBatch } from "./onecall-bundle.js";

/** days-entry.ts with queues that are served: what is sent is delivered. */

export * from "./days-entry.ts";

export default {
  ...days,
  queue: (batch: CountedBatch, env: object): Promise<void> => onecall.queue(batch, env),
};
