import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useAction } from "../load.ts";
import { isOperator, openApp, session } from "../session.ts";
import { Failure, Loading } from "./feedback.tsx";

/**
 * An app's pages. The operator's are shown when the service knows that the app was opened: its audit log says so,
 * whether it was chosen in the list or a link led to it.
 */
export function OpenedApp({ app, children }: { app: string | null; children: ComponentChildren }) {
  const found = session.value;
  const opened = found.state === "open" ? found.app?.id : undefined;
  const isOpened = app === null || !isOperator() || opened === app;
  const opening = useAction(async (id: string) => {
    await openApp(id);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each app
  useEffect(() => {
    if (app !== null && !isOpened) opening.run(app);
  }, [app, isOpened]);
  if (app === null || isOpened) return <>{children}</>;
  if (opening.error === null) return <Loading what="the app" />;
  return <Failure error={opening.error} onRetry={() => opening.run(app)} />;
}
