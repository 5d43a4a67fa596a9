import { useCallback, useEffect, useState } from "preact/hooks";
import { OnecallError } from "../client/index.ts";
import { endSession, session } from "./session.ts";

/** What a page has of what it shows. While it is loaded anew, what was there stays. */
export interface Loaded<T> {
  data: T | null;
  error: unknown;
  isLoading: boolean;
  reload(): void;
}

/**
 * Loads what a page shows, and again when one of `keys` changes; a load that nobody waits for any more is aborted. A
 * session that has ended leads to the sign-in page.
 */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly (string | number | boolean | null | undefined)[],
): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload"> & { dataKey: string }>({
    data: null,
    dataKey: "",
    error: null,
    isLoading: true,
  });
  const key = JSON.stringify(keys);
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `keys` say what `load` depends on
  useEffect(() => {
    const aborts = new AbortController();
    setState((before) => ({ ...before, error: null, isLoading: true }));
    load(aborts.signal).then(
      (data) => {
        if (!aborts.signal.aborted) setState({ data, dataKey: key, error: null, isLoading: false });
      },
      (error: unknown) => {
        if (aborts.signal.aborted) return;
        if (!endIfSignedOut(error)) setState((before) => ({ ...before, error, isLoading: false }));
      },
    );
    return () => aborts.abort();
  }, [key, turn]);
  const { data, dataKey, error, isLoading } = state;
  // What is of something else doesn't stand beside a failure.
  return { data: error === null || dataKey === key ? data : null, error, isLoading, reload };
}

/** A call of a button: what it is doing, and what went wrong. */
export interface Action<A extends unknown[]> {
  run(...values: A): Promise<void>;
  isRunning: boolean;
  error: unknown;
}

/** Runs what a button does, once at a time. */
export function useAction<A extends unknown[]>(work: (...values: A) => Promise<void>): Action<A> {
  const [state, setState] = useState<{ isRunning: boolean; error: unknown }>({
    isRunning: false,
    error: null,
  });
  const run = async (...values: A) => {
    if (state.isRunning) return;
    setState({ isRunning: true, error: null });
    try {
      await work(...values);
      setState({ isRunning: false, error: null });
    } catch (error) {
      endIfSignedOut(error);
      setState({ isRunning: false, error });
    }
  };
  return { run, ...state };
}

/** True where the failure says that there is no session any more: the sign-in page says why. */
export function endIfSignedOut(error: unknown): boolean {
  const isSignedOut = error instanceof OnecallError && error.status === 401;
  // On the sign-in page there is none yet: what was typed is wrong.
  if (isSignedOut && session.value.state === "open") endSession("Your session has ended. Sign in again.");
  return isSignedOut;
}
