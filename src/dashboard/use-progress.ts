import { useEffect, useState } from "preact/hooks";
import type { Notification } from "../client/api-types.ts";
import { OnecallError } from "../client/index.ts";
import { endIfSignedOut } from "./load.ts";
import { clientOf } from "./session.ts";

/** Between two watches where the one before failed: the client has tried for a while by itself. */
const AGAIN_MS = 5000;

/**
 * The notification with the counts of now: the service tells of each change until they are final. Where the service is
 * away it says so, and goes on when that is back.
 */
export function useProgress(app: string, first: Notification): [Notification, unknown] {
  const [shown, setShown] = useState(first);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    setShown(first);
    setError(null);
    if (first.state === "completed") return;
    const aborts = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const follow = async () => {
      for await (const progress of clientOf(app).notifications.watch(first.id, { signal: aborts.signal })) {
        setError(null);
        setShown((before) => ({ ...before, ...progress }));
      }
    };
    const followUntilDone = (): Promise<void> =>
      follow().catch((reason: unknown) => {
        if (aborts.signal.aborted || endIfSignedOut(reason)) return;
        setError(reason);
        if (reason instanceof OnecallError && reason.retryable) timer = setTimeout(followUntilDone, AGAIN_MS);
      });
    followUntilDone();
    return () => {
      clearTimeout(timer);
      aborts.abort();
    };
  }, [app, first]);
  return [shown, error];
}
