import type { Bindings } from "../../../src/env.ts";
import onecall, {
  Ledger as OnecallLedger,
  Registry as OnecallRegistry,
  UserShard as OnecallUserShard,
  WebhookEndpoint as OnecallWebhookEndpoint,
} from "../../../src/index.ts";
import type { DispatchReport } from "../../../src/model/dispatch.ts";
import {
  CALL_HEADER,
  callName,
  type FaultCounts,
  MessageFaults,
  tellUnanswered,
  UNANSWERED_HEADER,
} from "./message-faults.ts";
import { consumeWithFaults } from "./queue.ts";
import { settledLine } from "./settled.ts";

/**
 * The Worker of `npm run chaos`: Onecall as it is, and around it what makes messages go astray and objects
 * disappear. `POST /__chaos/evict` `{object, name}`, `GET /__chaos/faults`.
 */

// Those below stand in for theirs; objects that nothing evicts are Onecall's own.
export * from "../../../src/index.ts";

type ChaosBindings = Bindings & { CHAOS_SEED: string; CHAOS_START: string };

const EVICTED = "evicted by chaos";

export class Registry extends OnecallRegistry {
  evict(): void {
    this.ctx.abort(EVICTED);
  }
}
export class Ledger extends OnecallLedger {
  evict(): void {
    this.ctx.abort(EVICTED);
  }
}
export class UserShard extends OnecallUserShard {
  override reportDispatches(...asked: Parameters<OnecallUserShard["reportDispatches"]>) {
    const [report] = asked;
    const users = this.#usersInHand(report);
    const next = super.reportDispatches(...asked);
    const targets = report.targets.filter(({ userId }) => users.has(userId));
    const line = settledLine({ ...report, targets }, Date.now());
    // Once it is on disk; printed, as a kill takes along what stands in memory.
    if (line !== null) void this.#printOnceStored(line);
    return next;
  }

  /** Of the claim's users those whose pushes nobody else has claimed since. */
  #usersInHand({ channelKey, notificationId, leaseId }: DispatchReport): ReadonlySet<string> {
    const rows = this.ctx.storage.sql.exec<{ user_id: string }>(
      "SELECT user_id FROM pushes WHERE channel_key = ? AND notification_id = ? AND claim_id = ?",
      channelKey,
      notificationId,
      leaseId,
    );
    return new Set(rows.toArray().map(({ user_id }) => user_id));
  }

  async #printOnceStored(line: string): Promise<void> {
    try {
      await this.ctx.storage.sync();
      console.log(line);
    } catch {
      // Evicted meanwhile.
    }
  }

  evict(): void {
    this.ctx.abort(EVICTED);
  }
}
export class WebhookEndpoint extends OnecallWebhookEndpoint {
  evict(): void {
    this.ctx.abort(EVICTED);
  }
}

const counts: FaultCounts = { dropped: 0, held: 0, requeued: 0, doubled: 0, reordered: 0 };
/** Calls out that had no answer, by their numbers. */
const unanswered: number[] = [];
let calls = 0;
/** Tells the calls of one start from those of another; made by the first, as nothing random may be made before. */
let startName: string | null = null;

// Whether a push had an answer, only its sender knows: on a busy machine one may come too late.
const fetchUnnamed = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  startName ??= crypto.randomUUID();
  const call = ++calls;
  headers.set(CALL_HEADER, callName(startName, call));
  if (unanswered.length > 0) headers.set(UNANSWERED_HEADER, tellUnanswered(unanswered));
  try {
    return await fetchUnnamed(input, { ...init, headers });
  } catch (error) {
    unanswered.push(call);
    throw error;
  }
};

type EvictableBinding = "REGISTRY" | "LEDGER" | "USER_SHARD" | "WEBHOOK_ENDPOINT";

interface Evictable {
  getByName(name: string): { evict(): Promise<void> };
}

const streams = new Map<string, MessageFaults>();

export default {
  async fetch(request, env, execution) {
    const { pathname } = new URL(request.url);
    if (pathname === "/__chaos/faults") return Response.json(counts satisfies FaultCounts);
    if (pathname === "/__chaos/evict") return evict(await request.json(), env);
    return onecall.fetch(request, env, execution);
  },
  async queue(batch, env) {
    const { queue } = batch;
    // They are only logged: there is nothing to lose.
    if (queue.endsWith("dead-letters")) return onecall.queue(batch, env);
    let stream = streams.get(queue);
    if (stream === undefined) {
      stream = new MessageFaults(Number(env.CHAOS_SEED), Number(env.CHAOS_START), queue);
      streams.set(queue, stream);
    }
    await consumeWithFaults(batch, stream, counts, (changed) => onecall.queue(changed, env));
  },
} satisfies ExportedHandler<ChaosBindings>;

async function evict(body: unknown, env: Bindings): Promise<Response> {
  const { object, name } = body as { object: EvictableBinding; name: string };
  const namespace = env[object] as unknown as Evictable;
  // The call ends with the object, so it always fails.
  const error = await namespace
    .getByName(name)
    .evict()
    .then(
      () => null,
      (reason: unknown) => String(reason),
    );
  return Response.json({ error });
}
