import { Circuits } from "../../channels/dispatch/circuits.ts";
import type { PushConfig } from "../../env.ts";
import type { AddressReport, DispatchLane, OpenCircuit } from "../../model/dispatch.ts";
import type { DueTable } from "../kit/due.ts";
import type { DispatchPosition } from "./dispatch-store.ts";
import type { DispatchWakes } from "./dispatch-wakes.ts";

/**
 * The duties' kinds in the shard's due table, where the first has its name from the first channel that had an outbox.
 */
export const DISPATCH_DUTY = "push";
export const PROBE_DUTY = "probe";

/**
 * Which providers fail, as this shard has heard: from reports, or from a sender who knows. While one fails its
 * dispatches wait, and the alarm has one of them sent per probe interval. Noting expects to run in a transaction.
 */
export class DispatchCircuits {
  readonly #wakes: DispatchWakes;
  readonly #due: DueTable;
  readonly #probeMs: number;
  /** By `{channel key}:{scope}`. */
  readonly #circuits = new Circuits();
  /**
   * Channels that are being woken, and where the next slice begins; null: all. Lost with the instance: the alarm's
   * own times stand.
   */
  readonly #waking = new Map<string | null, DispatchPosition>();

  constructor(wakes: DispatchWakes, due: DueTable, { probeMs }: PushConfig) {
    this.#wakes = wakes;
    this.#due = due;
    this.#probeMs = probeMs;
  }

  /** Scopes of a channel that get no calls but probes. */
  listOpen(channelKey: string): string[] {
    return this.#circuits.listOpen(`${channelKey}:`).map(([scope]) => scope);
  }

  /** All that fail, of any channel, for the operator. `probeAt`: when the next call is let through, Unix ms. */
  listAll(): OpenCircuit[] {
    return this.#circuits.listOpen("").map(([name, probeAt]) => {
      const end = name.indexOf(":");
      return { channelKey: name.slice(0, end), scope: name.slice(end + 1), probeAt };
    });
  }

  /** The failing scopes of a channel that may be probed now. */
  listProbeable(channelKey: string, now: number): string[] {
    const open = this.#circuits.listOpen(`${channelKey}:`);
    return open.flatMap(([scope, probeAt]) => (probeAt <= now ? [scope] : []));
  }

  /** Takes the permission for the one call of this interval. */
  takeProbe(channelKey: string, scope: string, now: number): void {
    this.#circuits.tryPass(`${channelKey}:${scope}`, now, this.#probeMs);
  }

  /** A sender's word: no longer than this shard's own interval. */
  block(channelKey: string, scope: string, until: number, now: number): void {
    const end = Math.min(until, now + this.#probeMs);
    this.#circuits.block(`${channelKey}:${scope}`, end);
    this.#due.bringForward(PROBE_DUTY, "", end);
  }

  /** What a provider said to one call. Its first answer after failures wakes all that waited for it. */
  note(channelKey: string, scope: string, { outcome, wasAsked }: AddressReport, now: number): void {
    if (!wasAsked) return;
    const name = `${channelKey}:${scope}`;
    if (outcome.outcome === "retry") {
      this.#circuits.noteFailure(name, now, this.#probeMs);
      if (this.#circuits.isOpen(name)) this.#due.bringForward(PROBE_DUTY, "", now + this.#probeMs);
    } else if (this.#circuits.noteAnswer(name)) this.#wake(channelKey, now);
  }

  /** The alarm's turn: groups of which one dispatch each is to be sent, to see whether their provider answers. */
  listProbes(now: number): DispatchLane[] {
    return this.#due.transaction(() => {
      const groups = this.#circuits
        .listOpen("")
        .flatMap(([name, probeAt]) => (probeAt > now ? [] : (this.#findProbe(name, now) ?? [])));
      if (this.#circuits.listOpen("").length > 0) this.#due.set(PROBE_DUTY, "", now + this.#probeMs);
      else {
        // No circuit is open that this instance knows of: what waited for one of an earlier instance goes on.
        this.#due.remove(PROBE_DUTY, "");
        this.#wake(null, now);
      }
      return groups;
    });
  }

  #findProbe(name: string, now: number): DispatchLane | null {
    const end = name.indexOf(":");
    const [channelKey, scope] = [name.slice(0, end), name.slice(end + 1)];
    const group = this.#wakes.findProbeGroup(channelKey, scope, now);
    // Nobody waits for this provider any more.
    if (group === null && !this.#wakes.hasWaiting(channelKey, scope)) this.#circuits.forget(name);
    return group;
  }

  /** The next slices of what is being woken, in a transaction. True where there are more. */
  wakeMore(now: number): boolean {
    for (const [channelKey, after] of [...this.#waking]) {
      const next = this.#wakes.wakeDue(channelKey, after, now);
      if (next === null) this.#waking.delete(channelKey);
      else this.#waking.set(channelKey, next);
    }
    return this.#waking.size > 0;
  }

  #wake(channelKey: string | null, now: number): void {
    this.#waking.set(channelKey, [channelKey ?? "", "", ""]);
    this.wakeMore(now);
    this.#due.bringForward(DISPATCH_DUTY, "", now);
  }
}
