import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import { Failure } from "./components/feedback.tsx";
import { Page } from "./components/page.tsx";

/** What a route tells its page: its whole path, and the parameters in it, of which the app is the first. */
interface RouteProps {
  path?: string;
  app?: string;
}

/** A page whose code is fetched when it is first opened. */
export function toPage(load: () => Promise<{ default: ComponentType<RouteProps> }>) {
  const Code = lazy(() => load().catch((error: unknown) => ({ default: () => <Unfetched error={error} /> })));
  // Another path is another page: nothing of the one before stays in it.
  return ({ path = "", ...props }: RouteProps) => <Code key={path} path={path} {...props} />;
}

function Unfetched({ error }: { error: unknown }) {
  return (
    <Page title="The page's code can't be fetched">
      <p>Mostly a new version of the service has other files: reload the page.</p>
      <Failure error={error} onRetry={() => location.reload()} />
    </Page>
  );
}
