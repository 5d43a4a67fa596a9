import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { isUtc, setUtc, zoneName } from "../format.ts";
import { useAction } from "../load.ts";
import { visiblePages } from "../navigation.ts";
import { isOperator, may, session, signOut } from "../session.ts";
import { mayLeave } from "../unsaved.ts";
import { Failure } from "./feedback.tsx";
import { CheckField } from "./fields.tsx";
import { OpenedApp } from "./opened-app.tsx";

/** What is around every page: navigation, search, who is signed in, the zone of times. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [isOpen, setIsOpen] = useState(false);
  const { path } = useLocation();
  const app = appOf(path);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setIsOpen(false), [path]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Side app={app} isOpen={isOpen} />
      <div class="page">
        <header class="top">
          <button
            type="button"
            class="button menu-button"
            aria-expanded={isOpen}
            aria-controls="side"
            onClick={() => setIsOpen(!isOpen)}
          >
            Menu
          </button>
          {app !== null && may("read") && <Search app={app} />}
          <Zone />
        </header>
        <main id="main" tabIndex={-1}>
          <OpenedApp app={app}>{children}</OpenedApp>
        </main>
      </div>
    </div>
  );
}

/** The app that an address is about; null where it is about none. */
function appOf(path: string): string | null {
  const [, , app = ""] = path.split("/");
  return app === "" || app === "apps" || app === "sign-in" ? null : decodeURIComponent(app);
}

/** Of an API key: the one app that its links lead to, whatever the address names. */
function ownApp(): string | null {
  const found = session.value;
  return found.state === "open" && !isOperator() ? (found.app?.id ?? null) : null;
}

function Side({ app, isOpen }: { app: string | null; isOpen: boolean }) {
  return (
    <aside id="side" class={isOpen ? "side open" : "side"}>
      <a class="brand" href="/dashboard">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="7" fill="var(--accent-fill)" />
          <circle cx="8" cy="8" r="2.6" fill="#fff" />
        </svg>
        Onecall
      </a>
      <AppName app={app} />
      <nav aria-label="Pages">{app !== null && <PageLinks app={ownApp() ?? app} />}</nav>
      <SignedIn />
    </aside>
  );
}

/** The app's pages that who is signed in may see. */
function PageLinks({ app }: { app: string }) {
  const { path } = useLocation();
  const isCurrent = (href: string) => path === href || path.startsWith(`${href}/`);
  return visiblePages().map(({ group, items }) => (
    <div key={group}>
      <h2>{group}</h2>
      {items.map((item) => {
        const href = `/dashboard/${encodeURIComponent(app)}/${item.path}`;
        return (
          <a key={item.path} href={href} aria-current={isCurrent(href) ? "page" : undefined}>
            {item.label}
          </a>
        );
      })}
    </div>
  ));
}

/** In which zone each page's times are, and the way to UTC. */
function Zone() {
  return (
    <div class="zone">
      <span>Times in {zoneName()}</span>
      <CheckField isChecked={isUtc.value} onCheck={setUtc}>
        Show UTC
      </CheckField>
    </div>
  );
}

/** Who is signed in, and the way out. */
function SignedIn() {
  const found = session.value;
  const leaving = useAction(async () => {
    if (mayLeave()) await signOut();
  });
  if (found.state !== "open") return null;
  return (
    <footer>
      <span>
        {isOperator() ? "Signed in as the operator" : `Signed in with ${found.key}`}
        {!isOperator() && <> · may {found.scopes.join(", ")}</>}
      </span>
      {leaving.error !== null && <Failure error={leaving.error} />}
      <button type="button" class="button" disabled={leaving.isRunning} onClick={() => leaving.run()}>
        Sign out
      </button>
    </footer>
  );
}

function AppName({ app }: { app: string | null }) {
  const found = session.value;
  const name = found.state === "open" && found.app?.id === app ? found.app?.name : app;
  if (!isOperator()) return <span class="app-name">{name}</span>;
  return (
    <a class="app-name" href="/dashboard/apps">
      <span>{name ?? "No app chosen"}</span>
      <span class="small quiet">{app === null ? "Choose an app" : "Switch app"}</span>
    </a>
  );
}

/** `/` leads here. What it finds is a page of its own, so that it can be shared. */
function Search({ app }: { app: string }) {
  const input = useRef<HTMLInputElement>(null);
  const { route } = useLocation();
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  const go = (event: Event) => {
    event.preventDefault();
    const text = input.current?.value.trim() ?? "";
    if (text !== "") route(`/dashboard/${encodeURIComponent(app)}/search?q=${encodeURIComponent(text)}`);
  };
  return (
    <search>
      <form onSubmit={go}>
        <input
          ref={input}
          class="input"
          type="search"
          aria-label="Search"
          aria-describedby="search-finds"
          placeholder="Search  ( / )"
        />
        <span id="search-finds" class="unseen">
          Finds users by id or name, notifications by id or tag, templates by name or key
        </span>
      </form>
    </search>
  );
}
