import { FAILURES_TO_OPEN } from "../limits.ts";
import type { BlockedScope } from "./model.ts";

/** More are forgotten, the oldest first. */
const MAX_CIRCUITS = 1000;

interface Circuit {
  failuresInRow: number;
  /** Null: closed. Else Unix ms: the next single push may be tried then. */
  probeAt: number | null;
}

/**
 * Which providers fail: after five failures in a row a scope is open, and gets one push per probe interval
 * until one is answered. In memory only: who forgets it finds out again.
 */
export class Circuits {
  readonly #circuits = new Map<string, Circuit>();

  /** Takes the permission to push now: always, but in an open circuit once per interval. */
  tryPass(scope: string, now: number, probeMs: number): boolean {
    const circuit = this.#circuits.get(scope);
    if (circuit === undefined || circuit.probeAt === null) return true;
    if (circuit.probeAt > now) return false;
    circuit.probeAt = now + probeMs;
    return true;
  }

  /** The provider answered, whatever it said. True where that closes the circuit. */
  noteAnswer(scope: string): boolean {
    const wasOpen = this.isOpen(scope);
    this.#circuits.delete(scope);
    return wasOpen;
  }

  /** The provider failed. An open circuit waits another interval, whatever one device was told to wait. */
  noteFailure(scope: string, now: number, probeMs: number): void {
    const circuit = this.#circuits.get(scope) ?? { failuresInRow: 0, probeAt: null };
    circuit.failuresInRow++;
    if (circuit.failuresInRow >= FAILURES_TO_OPEN) {
      circuit.probeAt = now + probeMs;
    }
    this.#set(scope, circuit);
  }

  /** Opens the circuit on another's word. */
  block(scope: string, until: number): void {
    const { probeAt = null } = this.#circuits.get(scope) ?? {};
    this.#set(scope, { failuresInRow: FAILURES_TO_OPEN, probeAt: Math.max(probeAt ?? 0, until) });
  }

  forget(scope: string): void {
    this.#circuits.delete(scope);
  }

  isOpen(scope: string): boolean {
    return (this.#circuits.get(scope)?.probeAt ?? null) !== null;
  }

  /** Open circuits whose names begin with `prefix`, without it, and when each may be probed. */
  listOpen(prefix: string): BlockedScope[] {
    return [...this.#circuits].flatMap(([scope, { probeAt }]): BlockedScope[] =>
      probeAt !== null && scope.startsWith(prefix) ? [[scope.slice(prefix.length), probeAt]] : [],
    );
  }

  // Web Push origins are of the users' choice: there may be any number of them.
  #set(scope: string, circuit: Circuit): void {
    this.#circuits.delete(scope);
    this.#circuits.set(scope, circuit);
    for (const oldest of this.#circuits.keys()) {
      if (this.#circuits.size <= MAX_CIRCUITS) break;
      this.#circuits.delete(oldest);
    }
  }
}
