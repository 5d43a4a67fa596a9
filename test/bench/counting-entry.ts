import { countBindings, countMessages, countStorage, counts } from "./billable-counts.ts";
import type { CountedBatch } from "./onecall-bundle.js";
import onecall, * as objects from "./onecall-bundle.js";

/** A Worker around Onecall's own bundle that counts what is billed. `GET /__counts` returns the counts. */

type ObjectArguments = ConstructorParameters<typeof objects.Registry>;

export class Registry extends objects.Registry {
  constructor(...args: ObjectArguments) {
    countStorage(args[0].storage);
    super(...args);
  }
  override alarm(): Promise<void> {
    counts.objectRequests++;
    return super.alarm();
  }
}
export class Ledger extends objects.Ledger {
  constructor(...args: ObjectArguments) {
    countStorage(args[0].storage);
    super(...args);
  }
  override alarm(): Promise<void> {
    counts.objectRequests++;
    return super.alarm();
  }
}
export class UserShard extends objects.UserShard {
  constructor(...args: ObjectArguments) {
    countStorage(args[0].storage);
    super(...args);
  }
  override alarm(): Promise<void> {
    counts.objectRequests++;
    return super.alarm();
  }
}
export class WebhookEndpoint extends objects.WebhookEndpoint {
  constructor(...args: ObjectArguments) {
    countStorage(args[0].storage);
    super(...args);
  }
  override alarm(): Promise<void> {
    counts.objectRequests++;
    return super.alarm();
  }
}

export default {
  fetch(request: Request, env: Record<string, unknown>, execution: object): Promise<Response> | Response {
    if (new URL(request.url).pathname === "/__counts") return Response.json(counts);
    countBindings(env);
    return onecall.fetch(request, env, execution);
  },
  async queue(batch: CountedBatch, env: Record<string, unknown>): Promise<void> {
    countBindings(env);
    countMessages(batch.messages);
    await onecall.queue(batch, env);
  },
};
