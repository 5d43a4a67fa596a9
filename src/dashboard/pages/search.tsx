import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { ListedTemplate, Notification, User } from "../../client/api-types.ts";
import { OnecallError } from "../../client/index.ts";
import { StatusBadge } from "../components/badges.tsx";
import { CopyAs } from "../components/copy.tsx";
import { Empty } from "../components/feedback.tsx";
import { WhenLoaded } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { Time } from "../components/time.tsx";
import { useLoad } from "../load.ts";
import { clientOf } from "../session.ts";
import { useUrlState } from "../url-state.ts";

/** Of each kind; the rest is behind a link to its list. */
const SHOWN = 5;
/** A notification's id is a UUID of version 7: anything else isn't asked for. */
const NOTIFICATION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface Found {
  byId: Notification | null;
  byTag: readonly Notification[];
  users: readonly User[];
  templates: readonly ListedTemplate[];
}

/** What a text finds: users and templates that begin with it, notifications by their id or tag. */
export default function Search({ app = "" }: { app?: string }) {
  const text = useUrlState().get("q").trim();
  const { route } = useLocation();
  const base = `/dashboard/${encodeURIComponent(app)}`;
  const loaded = useLoad((signal) => search(app, text, signal), [app, text]);
  const only = loaded.data === null ? null : onlyNotification(loaded.data);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `route` is another one with each address
  useEffect(() => {
    if (only !== null) route(`${base}/notifications/${only.id}`, true);
  }, [only?.id]);
  return (
    <Page title={text === "" ? "Search" : `Search: ${text}`}>
      {text === "" ? <HowTo /> : null}
      {text !== "" && (
        <WhenLoaded loaded={loaded} what="what it finds">
          {(found) => <Results base={base} text={text} found={found} />}
        </WhenLoaded>
      )}
    </Page>
  );
}

function HowTo() {
  return (
    <Empty title="What can be found">
      <p>Users by the beginning of their id or name. Notifications by their id, or their whole tag.</p>
      <p>Templates by the beginning of their name or key.</p>
    </Empty>
  );
}

async function search(app: string, text: string, signal: AbortSignal): Promise<Found> {
  if (text === "") return { byId: null, byTag: [], users: [], templates: [] };
  const { users, notifications, templates } = clientOf(app);
  const options = { signal };
  const [byId, byTag, foundUsers, foundTemplates] = await Promise.all([
    NOTIFICATION_ID.test(text) ? notifications.get(text.toLowerCase(), options).catch(nullIfUnknown) : null,
    notifications.list({ tag: text, limit: SHOWN }, options).page(),
    users.list({ searchKey: text, perPage: SHOWN }, options).page(),
    templates.list({ search: text, limit: SHOWN }, options).page(),
  ]);
  return { byId, byTag: byTag.data, users: foundUsers.data, templates: foundTemplates.data };
}

function nullIfUnknown(error: unknown): null {
  if (error instanceof OnecallError && error.status === 404) return null;
  throw error;
}

/** Who types a notification's id wants that one, where nothing else is called so. */
function onlyNotification({ byId, byTag, users, templates }: Found): Notification | null {
  return byTag.length + users.length + templates.length === 0 ? byId : null;
}

function Results({ base, text, found }: { base: string; text: string; found: Found }) {
  const { byId, byTag, users, templates } = found;
  if (byId === null && byTag.length + users.length + templates.length === 0) {
    return (
      <>
        <Empty title="Nothing is called so">
          <p>A tag and an id are to be whole, and upper case isn't lower case.</p>
        </Empty>
        <HowTo />
      </>
    );
  }
  return (
    <>
      <FoundLists base={base} query={encodeURIComponent(text)} found={found} />
      <CopyAs
        what="the users"
        call={{
          method: "GET",
          path: `/users?${new URLSearchParams({ searchKey: text })}`,
          client: `users.list(${JSON.stringify({ searchKey: text })}).page()`,
        }}
      />
    </>
  );
}

function FoundLists({ base, query, found }: { base: string; query: string; found: Found }) {
  const { byId, byTag, users, templates } = found;
  return (
    <>
      <Kind title="Users" all={`${base}/users?searchKey=${query}`} rows={users} keyOf={({ uid }) => uid}>
        {({ uid, name }) => (
          <>
            <a href={`${base}/users/${encodeURIComponent(uid)}`}>{uid}</a> {name !== uid && name}
          </>
        )}
      </Kind>
      <Kind
        title="Notifications"
        all={`${base}/notifications?tag=${query}`}
        rows={byId === null ? byTag : [byId, ...byTag.filter(({ id }) => id !== byId.id)]}
        keyOf={({ id }) => id}
      >
        {({ id, title, templateKey, state, createdAt }) => (
          <>
            <a href={`${base}/notifications/${id}`}>{title ?? templateKey}</a> <StatusBadge status={state} />{" "}
            <Time at={createdAt} isAge />
          </>
        )}
      </Kind>
      <Kind
        title="Templates"
        all={`${base}/templates?search=${query}`}
        rows={templates}
        keyOf={({ id }) => id}
      >
        {({ key, name, status }) => (
          <>
            <a href={`${base}/templates/${encodeURIComponent(key)}`}>{name}</a> <code>{key}</code>{" "}
            <StatusBadge status={status} />
          </>
        )}
      </Kind>
    </>
  );
}

interface KindProps<Row> {
  title: string;
  /** Where all of them are listed. */
  all: string;
  rows: readonly Row[];
  keyOf(row: Row): string;
  children(row: Row): preact.ComponentChildren;
}

function Kind<Row>({ title, all, rows, keyOf, children }: KindProps<Row>) {
  if (rows.length === 0) return null;
  return (
    <section class="card stack" aria-label={title}>
      <div class="row spread">
        <h2>{title}</h2>
        <a href={all}>
          All {title.toLowerCase()} <span class="unseen">that it finds</span>
        </a>
      </div>
      <ul class="stack-tight">
        {rows.map((row) => (
          <li key={keyOf(row)}>{children(row)}</li>
        ))}
      </ul>
    </section>
  );
}
