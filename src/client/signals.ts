/** What ends a wait: the caller's signal, or a time. */
export interface Aborts {
  signal: AbortSignal;
  readonly hasTimedOut: boolean;
  /** Sets the time, from now on. */
  after(ms: number): void;
  /** The work, or the end of the wait for it: what ignores the signal holds nobody up. */
  race<Result>(work: Promise<Result>): Promise<Result>;
  stop(): void;
}

export function joinAborts(given: AbortSignal | undefined): Aborts {
  const clock = new AbortController();
  const signal = given === undefined ? clock.signal : AbortSignal.any([clock.signal, given]);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  // Mostly nobody waits any more when it comes.
  aborted.catch(() => {});
  let stop = () => {};
  return {
    signal,
    get hasTimedOut() {
      return clock.signal.aborted;
    },
    after(ms) {
      stop();
      const timer = setTimeout(() => clock.abort(new DOMException("No answer in time", "TimeoutError")), ms);
      stop = () => clearTimeout(timer);
    },
    race: (work) => Promise.race([work, aborted]),
    stop: () => stop(),
  };
}
