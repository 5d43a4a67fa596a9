import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { Loading } from "../components/feedback.tsx";
import { session } from "../session.ts";

/** Where one begins: in the app of the key, or the operator in the list of apps. */
export function Start() {
  const { route } = useLocation();
  const found = session.value;
  const app = found.state === "open" ? found.app : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `route` is another one with each address
  useEffect(() => {
    route(app === null ? "/dashboard/apps" : `/dashboard/${encodeURIComponent(app.id)}/home`, true);
  }, [app?.id]);
  return <Loading what="your app" />;
}
