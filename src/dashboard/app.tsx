import { useEffect } from "preact/hooks";
import { ErrorBoundary, LocationProvider, lazy, Route, Router } from "preact-iso";
import { Failure, Loading } from "./components/feedback.tsx";
import { Shell } from "./components/shell.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { openSession, session } from "./session.ts";

const Home = lazy(() => import("./pages/home.tsx"));
const Send = lazy(() => import("./pages/send/page.tsx"));
const NotificationList = lazy(() => import("./pages/notifications/list.tsx"));
const NotificationDetail = lazy(() => import("./pages/notifications/detail.tsx"));
const Analytics = lazy(() => import("./pages/analytics.tsx"));
const Files = lazy(() => import("./pages/files.tsx"));
const WebhookList = lazy(() => import("./pages/webhooks/list.tsx"));
const WebhookDetail = lazy(() => import("./pages/webhooks/detail.tsx"));
const Apps = lazy(() => import("./pages/apps.tsx"));
const UserList = lazy(() => import("./pages/users/list.tsx"));
const UserDetail = lazy(() => import("./pages/users/detail.tsx"));
const AuditLog = lazy(() => import("./pages/audit-log.tsx"));
const ApiKeys = lazy(() => import("./pages/api-keys.tsx"));
const TemplateList = lazy(() => import("./pages/templates/list.tsx"));
const TemplateDetail = lazy(() => import("./pages/templates/detail.tsx"));
const TemplateVersions = lazy(() => import("./pages/templates/versions.tsx"));
const NewTemplate = lazy(() => import("./pages/templates/new.tsx"));
const ChannelList = lazy(() => import("./pages/channels/list.tsx"));
const ChannelDetail = lazy(() => import("./pages/channels/detail.tsx"));
const Start = lazy(() => import("./pages/start.tsx"));
const NotFound = lazy(() => import("./pages/not-found.tsx"));

/** The pages, by who is signed in. */
export function App() {
  useEffect(() => {
    openSession();
  }, []);
  const found = session.value;
  return (
    <LocationProvider scope="/dashboard">
      {found.state === "unknown" && <Loading what="your session" />}
      {found.state === "failed" && <Failure error={found.error} onRetry={openSession} />}
      {found.state === "none" && <SignIn />}
      {found.state === "open" && <Pages />}
    </LocationProvider>
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
          <Route default component={NotFound} />
        </Router>
      </ErrorBoundary>
    </Shell>
  );
}
