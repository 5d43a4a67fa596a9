import type { BlockedScope } from "../../model/dispatch.ts";
import { FAILURES_TO_OPEN } from "../../model/limits.ts";
import { FairMap } from "../../outbound/fair-map.ts";

interface Circuit {
  failuresInRow: number;
  /** Null: closed. Else Unix ms: the next single push may be tried then. */
  probeAt: number | null;
}

/**
 * Which providers fail: after five failures in a row a scope is open, and gets one push per probe interval
 * until one is answered. In memory only: who forgets it finds out again. A scope's name begins with its owner and a
 * colon: no owner's circuits push another's out.
 */
export class Circuits {
  readonly #circuits = new FairMap<Circuit>();

  /** Takes the permission to push now: always, but in an open circuit once per interval. */
  tryPass(scope: string, now: number, probeMs: number): boolean {
    const circuit = this.#circuits.get(...split(scope));
    if (circuit === undefined || circuit.probeAt === null) return true;
    if (circuit.probeAt > now) return false;
    circuit.probeAt = now + probeMs;
    return true;
  }

  /** The provider answered, whatever it said. True where that closes the circuit. */
  noteAnswer(scope: string): boolean {
    const wasOpen = this.isOpen(scope);
    this.#circuits.delete(...split(scope));
    return wasOpen;
  }

  /** The provider failed. An open circuit waits another interval, whatever one device was told to wait. */
  noteFailure(scope: string, now: number, probeMs: number): void {
    const circuit = this.#circuits.get(...split(scope)) ?? { failuresInRow: 0, probeAt: null };
    circuit.failuresInRow++;
    if (circuit.failuresInRow >= FAILURES_TO_OPEN) {
      circuit.probeAt = now + probeMs;
    }
    this.#set(scope, circuit);
  }

  /** Opens the circuit on another's word. */
  block(scope: string, until: number): void {
    const { probeAt = null } = this.#circuits.get(...split(scope)) ?? {};
    this.#set(scope, { failuresInRow: FAILURES_TO_OPEN, probeAt: Math.max(probeAt ?? 0, until) });
  }

  forget(scope: string): void {
    this.#circuits.delete(...split(scope));
  }

  isOpen(scope: string): boolean {
    return (this.#circuits.get(...split(scope))?.probeAt ?? null) !== null;
  }

  /** Open circuits whose names begin with `prefix`, without it, and when each may be probed. */
  listOpen(prefix: string): BlockedScope[] {
    const owner = prefix.includes(":") ? split(prefix)[0] : null;
    return this.#circuits.entries(owner).flatMap(([name, key, { probeAt }]): BlockedScope[] => {
      const scope = name === "" ? key : `${name}:${key}`;
      return probeAt !== null && scope.startsWith(prefix) ? [[scope.slice(prefix.length), probeAt]] : [];
    });
  }

  #set(scope: string, circuit: Circuit): void {
    this.#circuits.set(...split(scope), circuit);
  }
}

function split(scope: string): [owner: string, key: string] {
  const end = scope.indexOf(":");
  return end < 0 ? ["", scope] : [scope.slice(0, end), scope.slice(end + 1)];
}
