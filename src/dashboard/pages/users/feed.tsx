import { useEffect, useRef, useState } from "preact/hooks";
import { CopyAs } from "../../components/copy.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";

/** What is used here of the element. */
interface OnecallFeed extends HTMLElement {
  getToken: (() => Promise<string>) | null;
  readonly items: readonly { notificationId: string }[];
  /** Reads again what is shown. */
  refresh(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "onecall-feed": OnecallFeed;
  }
}

/** The element's module, as every page of the app's users loads it. */
const INBOX = "/inbox.js";
/** How long after one look for what was sent the next one is, ms; after the last it isn't waited for any more. */
const LOOKS_MS = [200, 400, 800, 1600, 3200, 6400];

interface UserFeedProps {
  app: string;
  uid: string;
  /** What was just sent to the user, and is to be seen to arrive; null: nothing. */
  sent: string | null;
}

/** The user's feed, drawn by the element that the user sees it in. Who looks marks nothing: the token can't. */
export function UserFeed({ app, uid, sent }: UserFeedProps) {
  const loaded = useLoad(
    async (signal) => {
      const first = await clientOf(app).users.createReadOnlyToken(uid, { signal });
      await import(/* @vite-ignore */ INBOX);
      return first.authToken;
    },
    [app, uid],
  );
  return (
    <section class="card stack" aria-label="Feed">
      <div class="row spread">
        <div>
          <h2>Feed</h2>
          <p class="small quiet">As the user sees it. Looking isn't a view: nothing is marked.</p>
        </div>
        <CopyAs
          call={{
            method: "POST",
            path: `/users/${encodeURIComponent(uid)}/auth_tokens/read_only`,
            client: `users.createReadOnlyToken(${JSON.stringify(uid)})`,
          }}
        />
      </div>
      <WhenLoaded loaded={loaded} what="the feed">
        {(token) => <Feed key={token} {...{ app, uid, token, sent }} />}
      </WhenLoaded>
    </section>
  );
}

/** `token`: the first; another is asked for when it has ended. */
function Feed({ app, uid, token, sent }: UserFeedProps & { token: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [feed, setFeed] = useState<OnecallFeed | null>(null);
  useEffect(() => {
    const made = document.createElement("onecall-feed");
    made.toggleAttribute("read-only", true);
    made.setAttribute("target", "_blank");
    // Never as an attribute: no secret stands in the page.
    let next: string | null = token;
    made.getToken = async () => {
      const given = next ?? (await clientOf(app).users.createReadOnlyToken(uid)).authToken;
      next = null;
      return given;
    };
    place.current?.replaceChildren(made);
    setFeed(made);
    return () => made.remove();
  }, [app, uid, token]);
  return (
    <>
      {sent !== null && feed !== null && <Arrival key={sent} feed={feed} sent={sent} />}
      <div ref={place} />
    </>
  );
}

/** Looks at the feed until what was sent is there. */
function Arrival({ feed, sent }: { feed: OnecallFeed; sent: string }) {
  const [state, setState] = useState<"awaited" | "there" | "absent">("awaited");
  useEffect(() => {
    const waits = [...LOOKS_MS];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      if (feed.items.some(({ notificationId }) => notificationId === sent)) return setState("there");
      const waitMs = waits.shift();
      if (waitMs === undefined) return setState("absent");
      feed.refresh();
      timer = setTimeout(look, waitMs);
    };
    look();
    return () => clearTimeout(timer);
  }, [feed, sent]);
  return (
    <p role="status" class={state === "there" ? "notice good" : "notice"}>
      {state === "awaited" && "It was sent. Looking for it in the feed …"}
      {state === "there" && "It is in the feed."}
      {state === "absent" && "It isn't in the feed: its deliveries, below, say what became of it."}
    </p>
  );
}
