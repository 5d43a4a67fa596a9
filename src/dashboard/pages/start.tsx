import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { Loading } from "../components/feedback.tsx";
import { firstPageOf } from "../navigation.ts";
import { session } from "../session.ts";

/** Where one begins: on the first page that the key may see, or the operator in the list of apps. */
export function Start() {
  const { route } = useLocation();
  const found = session.value;
  const app = found.state === "open" ? found.app : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `route` is another one with each address
  useEffect(() => {
    route(app === null ? "/dashboard/apps" : firstPageOf(app.id), true);
  }, [app?.id]);
  return <Loading what="your app" />;
}
