import { useErrorBoundary } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router } from "preact-iso";
import { Failure, Loading } from "./components/feedback.tsx";
import { Shell } from "./components/shell.tsx";
import { toPage } from "./page-code.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { Start } from "./pages/start.tsx";
import { openSession, session } from "./session.ts";

const Home = toPage(() => import("./pages/home.tsx"));
const Send = toPage(() => import("./pages/send/page.tsx"));
const NotificationList = toPage(() => import("./pages/notifications/list.tsx"));
const NotificationDetail = toPage(() => import("./pages/notifications/detail.tsx"));
const Analytics = toPage(() => import("./pages/analytics.tsx"));
const Files = toPage(() => import("./pages/files.tsx"));
const WebhookList = toPage(() => import("./pages/webhooks/list.tsx"));
const WebhookDetail = toPage(() => import("./pages/webhooks/detail.tsx"));
const Apps = toPage(() => import("./pages/apps/list.tsx"));
const UserList = toPage(() => import("./pages/users/list.tsx"));
const UserDetail = toPage(() => import("./pages/users/detail.tsx"));
const AuditLog = toPage(() => import("./pages/audit-log.tsx"));
const ApiKeys = toPage(() => import("./pages/api-keys/list.tsx"));
const TemplateList = toPage(() => import("./pages/templates/list.tsx"));
const TemplateDetail = toPage(() => import("./pages/templates/detail.tsx"));
const TemplateVersions = toPage(() => import("./pages/templates/versions.tsx"));
const NewTemplate = toPage(() => import("./pages/templates/new.tsx"));
const ChannelList = toPage(() => import("./pages/channels/list.tsx"));
const ChannelDetail = toPage(() => import("./pages/channels/detail.tsx"));
const AppSettings = toPage(() => import("./pages/apps/settings.tsx"));
const Search = toPage(() => import("./pages/search.tsx"));
const NotFound = toPage(() => import("./pages/not-found.tsx"));

/** The pages, by who is signed in. */
export function App() {
  const found = session.value;
  return (
    <LocationProvider scope="/dashboard">
      {found.state === "unknown" && <Loading what="your session" />}
      {found.state === "failed" && <Failure error={found.error} onRetry={openSession} />}
      {found.state === "none" && <SignIn />}
      {found.state === "open" && <Guarded />}
    </LocationProvider>
  );
}

/** A page with a fault, or an address that can't be read, says so: it isn't an empty window. */
function Guarded() {
  const [fault, reset] = useErrorBoundary();
  if (fault === undefined) return <Pages />;
  return (
    <main>
      <Failure error={fault} onRetry={reset} />
      <a href="/dashboard" target="_top">
        Begin at the start
      </a>
    </main>
  );
}

function Pages() {
  return (
    <Shell>
      <ErrorBoundary>
        <Router>
          <Route path="/dashboard" component={Start} />
          <Route path="/dashboard/sign-in" component={Start} />
          <Route path="/dashboard/apps" component={Apps} />
          <Route path="/dashboard/:app/home" component={Home} />
          <Route path="/dashboard/:app/send" component={Send} />
          <Route path="/dashboard/:app/notifications" component={NotificationList} />
          <Route path="/dashboard/:app/notifications/:id" component={NotificationDetail} />
          <Route path="/dashboard/:app/analytics" component={Analytics} />
          <Route path="/dashboard/:app/files" component={Files} />
          <Route path="/dashboard/:app/webhooks" component={WebhookList} />
          <Route path="/dashboard/:app/webhooks/:id" component={WebhookDetail} />
          <Route path="/dashboard/:app/users" component={UserList} />
          <Route path="/dashboard/:app/users/:uid" component={UserDetail} />
          <Route path="/dashboard/:app/templates" component={TemplateList} />
          <Route path="/dashboard/:app/new-template" component={NewTemplate} />
          <Route path="/dashboard/:app/templates/:template" component={TemplateDetail} />
          <Route path="/dashboard/:app/templates/:template/versions" component={TemplateVersions} />
          <Route path="/dashboard/:app/channels" component={ChannelList} />
          <Route path="/dashboard/:app/channels/:channel" component={ChannelDetail} />
          <Route path="/dashboard/:app/audit-log" component={AuditLog} />
          <Route path="/dashboard/:app/api-keys" component={ApiKeys} />
          <Route path="/dashboard/:app/app" component={AppSettings} />
          <Route path="/dashboard/:app/search" component={Search} />
          <Route default component={NotFound} />
        </Router>
      </ErrorBoundary>
    </Shell>
  );
}
