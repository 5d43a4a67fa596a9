import { useEffect, useState } from "preact/hooks";
import type { Notification } from "../client/api-types.ts";
import { clientOf } from "./session.ts";

/** The notification with the counts of now: the service tells of each change until they are final. */
export function useProgress(app: string, first: Notification): [Notification, unknown] {
  const [shown, setShown] = useState(first);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    setShown(first);
    if (first.state === "completed") return;
    const aborts = new AbortController();
    const follow = async () => {
      for await (const progress of clientOf(app).notifications.watch(first.id, { signal: aborts.signal })) {
        setShown((before) => ({ ...before, ...progress }));
      }
    };
    follow().catch((reason: unknown) => {
      if (!aborts.signal.aborted) setError(reason);
    });
    return () => aborts.abort();
  }, [app, first]);
  return [shown, error];
}
