/** What an operation took, of all that were begun. Latencies in ms. */
export interface OperationFigures {
  name: string;
  count: number;
  errors: number;
  p50: number;
  p95: number;
  p99: number;
  /** The first things that went wrong. */
  reasons: string[];
}

const KEPT_REASONS = 3;

/** Latencies and errors by operation. */
export class Timings {
  readonly #operations = new Map<string, { latencies: number[]; errors: number; reasons: string[] }>();

  /** Times the work from `begin` (of `performance.now()`): when it was due, not when there was time for it. */
  async time(name: string, begin: number, work: () => Promise<void>): Promise<void> {
    const operation = this.#operations.get(name) ?? { latencies: [], errors: 0, reasons: [] };
    this.#operations.set(name, operation);
    try {
      await work();
      operation.latencies.push(performance.now() - begin);
    } catch (error) {
      operation.errors++;
      if (operation.reasons.length < KEPT_REASONS) operation.reasons.push(String(error));
    }
  }

  list(): OperationFigures[] {
    return [...this.#operations].map(([name, { latencies, errors, reasons }]) => {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      const count = latencies.length + errors;
      return { name, count, errors, p50: at(0.5), p95: at(0.95), p99: at(0.99), reasons };
    });
  }
}

/**
 * Begins work at a steady rate, whatever becomes of what was begun before: who is slow is waited for by nobody, as
 * with users. Ends when all of it has ended.
 */
export async function beginSteadily(
  perSecond: number,
  isOver: () => boolean,
  work: (index: number, begin: number) => Promise<void>,
): Promise<void> {
  const start = performance.now();
  const running: Promise<void>[] = [];
  for (let index = 0; ; index++) {
    const begin = start + (index * 1000) / perSecond;
    const waitMs = begin - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (isOver()) break;
    running.push(work(index, begin));
  }
  await Promise.all(running);
}
