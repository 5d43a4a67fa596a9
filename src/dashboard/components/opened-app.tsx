import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useAction } from "../load.ts";
import { isOperator, openApp, session } from "../session.ts";
import { Empty, Failure, Loading } from "./feedback.tsx";
import { Page } from "./page.tsx";

interface OpenedAppProps {
  /** Null: the page is about none. */
  app: string | null;
  children: ComponentChildren;
}

/** An app's pages, to whom they are shown. */
export function OpenedApp({ app, children }: OpenedAppProps) {
  const found = session.value;
  const own = found.state === "open" ? (found.app?.id ?? null) : null;
  if (app === null || app === own) return <>{children}</>;
  return isOperator() ? <Opening key={app} app={app} /> : <NotYours own={own} />;
}

/**
 * The operator's are shown when the service knows that the app was opened: its audit log says so, whether it was chosen
 * in the list or a link led to it.
 */
function Opening({ app }: { app: string }) {
  const opening = useAction(async () => {
    await openApp(app);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each app
  useEffect(() => {
    opening.run();
  }, [app]);
  if (opening.error === null) return <Loading what="the app" />;
  return <Failure error={opening.error} onRetry={opening.run} />;
}

function NotYours({ own }: { own: string | null }) {
  return (
    <Page title="Another app">
      <Empty title="Your key is another app's">
        <p>Sign in with a key of this one to see it.</p>
        {own !== null && <a href={`/dashboard/${encodeURIComponent(own)}/home`}>Open your app</a>}
      </Empty>
    </Page>
  );
}
