import { deleteTargets } from "../../audiences/store.ts";
import { type Bindings, readConfig } from "../../env.ts";
import { AUDIENCE_TTL_MS } from "../../model/limits.ts";
import type { LedgerPlan } from "../../model/notification.ts";
import { askAll } from "../kit/ask-all.ts";
import type { DueTable } from "../kit/due.ts";
import type { Duty } from "../kit/duties.ts";
import { getRegistryStub } from "../registry/contract.ts";
import { getShardStub } from "../user-shard/contract.ts";
import type { PlanStore } from "./plan-store.ts";
import { isInAudience } from "./stall-watchdog.ts";

interface AudienceEndParts {
  appId: string;
  /** Read anew for each use. */
  env: () => Bindings;
  due: DueTable;
  plans: PlanStore;
}

/**
 * Ends what R2 has of a batch's targets: a day after its completion log and retry read them from the shards. One whose
 * shards don't have all of them, as an earlier version delivered it, keeps its audience.
 */
export class AudienceEnd {
  /** The id of its row in the due table is the notification's. */
  readonly duty: Duty = { kind: "audience", serve: (id, now) => this.#serve(id, now) };
  readonly #its: AudienceEndParts;

  constructor(parts: AudienceEndParts) {
    this.#its = parts;
  }

  /** In the transaction that accepts it: a file that ends meanwhile is kept for a batch that isn't done in time. */
  noteAccepted({ header, source }: LedgerPlan): void {
    if (source.kind === "file")
      this.#its.due.set(this.duty.kind, header.id, header.expiresAt + AUDIENCE_TTL_MS);
  }

  /** In the transaction of the report that completes it, or a retry of it. */
  noteCompleted(id: string, now: number): void {
    this.#its.due.set(this.duty.kind, id, now + AUDIENCE_TTL_MS);
  }

  async #serve(id: string, now: number): Promise<void> {
    const { appId, due, plans } = this.#its;
    const env = this.#its.env();
    const plan = plans.get(id);
    if (plan !== null && isInAudience(plan)) {
      const { source } = plan;
      const isNeeded = !this.#hasLogEnded(plan, now) && !(await this.#isInShards(plan));
      if (!isNeeded) await deleteTargets(env, appId, id, source.kind === "targets");
      else if (source.kind === "file") await getRegistryStub(env, appId).keepAudience(source.audience.id);
    }
    due.remove(this.duty.kind, id);
  }

  /** Past its retention nobody reads its targets any more, and its shards forget them. */
  #hasLogEnded({ header }: LedgerPlan, now: number): boolean {
    return now >= header.createdAt + readConfig(this.#its.env()).retentionMs;
  }

  async #isInShards({ header, expected }: LedgerPlan): Promise<boolean> {
    const { appId } = this.#its;
    const env = this.#its.env();
    const stored = await askAll(expected, async ([shard, targets]) => {
      return (await getShardStub(env, appId, shard).countInSegments(header.id)) === targets;
    });
    return stored.every(Boolean);
  }
}
