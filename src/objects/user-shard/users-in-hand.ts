import type { DispatchLane } from "../../model/dispatch.ts";
import { MAX_USER_CALLS_AT_ONCE } from "../../model/limits.ts";

/** Lanes in which one user's dispatches wait for his others; beyond, the alarm's own times stand. */
const MAX_WAITING_LANES = 100;

interface Lease {
  until: number;
  /** How many of each user's addresses may be asked at once. */
  users: ReadonlyMap<string, number>;
}

/**
 * Which users' dispatches senders have in hand now, of any notification: so few of a user's addresses are asked at
 * once, whoever sends. In memory: an instance that begins knows nothing of leases before it, until their leases end.
 */
export class UsersInHand {
  /** By the lease's id, in the order of their coming. */
  readonly #leases = new Map<string, Lease>();
  readonly #counts = new Map<string, number>();
  readonly #full = new Set<string>();
  readonly #waiting = new Map<string, Map<string, DispatchLane>>();

  /** How many addresses of the user may be handed out. */
  countFree(userId: string): number {
    return MAX_USER_CALLS_AT_ONCE - (this.#counts.get(userId) ?? 0);
  }

  /** Users of whom none may be. */
  listFull(): string[] {
    return [...this.#full];
  }

  /** `addresses`: how many of each user's were handed out. A sender asks as few at once by itself. */
  take(leaseId: string, until: number, addresses: ReadonlyMap<string, number>): void {
    const users = new Map(
      [...addresses].map(([userId, count]) => [userId, Math.min(count, MAX_USER_CALLS_AT_ONCE)]),
    );
    this.#leases.set(leaseId, { until, users });
    for (const [userId, count] of users) this.#add(userId, count);
  }

  /** The lease was reported. Returns who may be handed out again. */
  release(leaseId: string): string[] {
    const lease = this.#leases.get(leaseId);
    if (lease === undefined) return [];
    this.#leases.delete(leaseId);
    for (const [userId, count] of lease.users) this.#add(userId, -count);
    return [...lease.users.keys()];
  }

  /** Lets go of the users of leases that have ended, and returns them. */
  releaseExpired(now: number): string[] {
    const expired = [...this.#leases].filter(([, { until }]) => until <= now);
    return expired.flatMap(([leaseId]) => this.release(leaseId));
  }

  /** The users' dispatches of this lane go on when those in hand are reported: see {@link takeWaiting}. */
  wait(userIds: readonly string[], lane: DispatchLane): void {
    for (const userId of userIds) {
      const lanes = this.#waiting.get(userId) ?? new Map<string, DispatchLane>();
      if (lanes.size >= MAX_WAITING_LANES) continue;
      lanes.set(`${lane.channelKey} ${lane.notificationId} ${lane.isSlow}`, lane);
      this.#waiting.set(userId, lanes);
    }
  }

  /** The lane that has waited longest for the user, once; null where none does. */
  takeWaiting(userId: string): DispatchLane | null {
    const lanes = this.#waiting.get(userId);
    const [first] = lanes ?? [];
    if (lanes === undefined || first === undefined) return null;
    lanes.delete(first[0]);
    if (lanes.size === 0) this.#waiting.delete(userId);
    return first[1];
  }

  /** A transaction in which something was taken or released was undone. */
  forget(): void {
    for (const known of [this.#leases, this.#counts, this.#full, this.#waiting]) known.clear();
  }

  #add(userId: string, change: number): void {
    const count = (this.#counts.get(userId) ?? 0) + change;
    if (count === 0) this.#counts.delete(userId);
    else this.#counts.set(userId, count);
    if (count >= MAX_USER_CALLS_AT_ONCE) this.#full.add(userId);
    else this.#full.delete(userId);
  }
}
