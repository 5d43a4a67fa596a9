import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useAction } from "../load.ts";
import { firstPageOf, NAVIGATION, type NavigationItem } from "../navigation.ts";
import { isOperator, may, openApp, session } from "../session.ts";
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
  const { path } = useLocation();
  const lacking = lackingFor(path);
  if (app !== null && app === own && lacking !== null) return <MayNot {...lacking} />;
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

/** What the key lacks for the page that an address is of: nothing is asked for there. */
function lackingFor(path: string): { title: string; scope: NavigationItem["scope"] } | null {
  const [, , , name] = path.split("/");
  const item = NAVIGATION.flatMap(({ items }) => items).find((one) => one.path === name);
  const scope = may("read") ? item?.scope : "read";
  return scope === undefined || may(scope) ? null : { title: item?.label ?? "Dashboard", scope };
}

function MayNot({ title, scope }: { title: string; scope: NavigationItem["scope"] }) {
  return (
    <Page title={title}>
      <Empty title={`Your key may not ${scope}`}>
        <p>
          Sign in with one that has the scope “{scope}”. The operator makes keys.
          {scope === "read" && " Without it a key sends from your server, and sees nothing here."}
        </p>
      </Empty>
    </Page>
  );
}

function NotYours({ own }: { own: string | null }) {
  return (
    <Page title="Another app">
      <Empty title="Your key is another app's">
        <p>Sign in with a key of this one to see it.</p>
        {own !== null && <a href={firstPageOf(own)}>Open your app</a>}
      </Empty>
    </Page>
  );
}
