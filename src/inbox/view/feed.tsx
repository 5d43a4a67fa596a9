import { type FeedItem, keyOf } from "../feed/item.ts";
import type { Stretch } from "../feed/list.ts";
import { Bell, Cloud } from "../look/icons.tsx";
import { Article } from "./article.tsx";
import type { Drawn } from "./draw.ts";
import type { FeedView } from "./view.ts";

export function Feed({ view }: { view: FeedView }): Drawn {
  const { session, list, texts } = view;
  const isTroubled = list.items.length > 0 && (session.error !== null || list.error !== null);
  return (
    <div class="feed" part="feed">
      <Top view={view} />
      <Filters view={view} />
      {session.isOffline && (
        <p class="offline" part="offline" role="status">
          {texts.offline}
        </p>
      )}
      {!session.isOffline && isTroubled && (
        <div class="trouble" part="error" role="alert">
          {isSignedOut(view) ? texts.signedOut : texts.error}
          <button type="button" onclick={view.onRetry}>
            {texts.retry}
          </button>
        </div>
      )}
      <div class="list" part="list" tabindex={-1} onscroll={view.onScroll}>
        {view.hasNewer && (
          <button type="button" class="newest" part="newest" onclick={view.onNewest}>
            ↑ {texts.newest}
          </button>
        )}
        <List view={view} />
      </div>
      <slot name="footer" />
    </div>
  );
}

/** Heading and "mark all". Where a page has neither heading nor a header of its own, the filters' row is enough. */
function Top({ view }: { view: FeedView }): Drawn {
  return (
    <div class="top" part="header" hidden={!view.hasTop}>
      <slot name="header" onslotchange={view.onHeader}>
        {view.hasHeading && <h2 part="heading">{view.texts.notifications}</h2>}
      </slot>
      {view.hasTop && <MarkAll view={view} />}
    </div>
  );
}

function MarkAll({ view }: { view: FeedView }): Drawn {
  const { texts, session } = view;
  if (view.isReadOnly || session.unread === null || session.unread === 0) return null;
  return (
    <button type="button" class="quiet" part="mark-all" onclick={view.onMarkAll}>
      {texts.markAll}
    </button>
  );
}

function Filters({ view }: { view: FeedView }): Drawn {
  const { texts, tags, onFilter } = view;
  const { filter } = view.list;
  const choose = (label: string, isOn: boolean, other: Partial<typeof filter>) => (
    <button
      key={label}
      type="button"
      part={isOn ? "filter filter-on" : "filter"}
      aria-pressed={isOn}
      onclick={() => onFilter({ ...filter, ...other })}
    >
      {label}
    </button>
  );
  return (
    <div class="filters" part="filters">
      {choose(texts.all, !filter.isUnreadOnly, { isUnreadOnly: false })}
      {choose(texts.onlyUnread, filter.isUnreadOnly, { isUnreadOnly: true })}
      {tags.length > 0 && <i />}
      {tags.map((tag) => choose(tag, filter.tag === tag, { tag: filter.tag === tag ? null : tag }))}
      {!view.hasTop && <MarkAll view={view} />}
    </div>
  );
}

function List({ view }: { view: FeedView }): Drawn {
  const { list, texts } = view;
  const isEmpty = list.items.length === 0;
  if (isEmpty && (list.state === "failed" || view.session.error !== null)) return <Trouble view={view} />;
  if (list.state === "loading") return <Ghosts label={texts.loading} />;
  if (isEmpty) return <Empty view={view} />;
  return (
    <>
      <div
        role="feed"
        aria-label={texts.notifications}
        aria-busy={list.isLoadingMore}
        onkeydown={view.onKeyDown}
      >
        {list.stretches.map((stretch, index) => (
          <StretchBox
            key={stretch.id}
            view={view}
            stretch={stretch}
            before={list.stretches[index - 1]?.items.at(-1)}
          />
        ))}
      </div>
      <div class="more">
        {list.hasMore ? (
          <Ghosts label={list.isLoadingMore ? texts.loading : ""} />
        ) : (
          <p class="end">{texts.end}</p>
        )}
      </div>
    </>
  );
}

interface StretchProps {
  view: FeedView;
  stretch: Stretch;
  /** The item above its first. */
  before: FeedItem | undefined;
}

function StretchBox({ view, stretch, before }: StretchProps): Drawn {
  const height = view.windows.boxOf(stretch.id);
  if (height !== null) return <div key={stretch.id} class="away" data-stretch={stretch.id} />;
  let day = before === undefined ? null : view.times.day(Date.parse(before.createdAt), view.nowMs);
  return (
    <div data-stretch={stretch.id}>
      {stretch.items.flatMap((item) => {
        const own = view.times.day(Date.parse(item.createdAt), view.nowMs);
        const isFirst = own !== day;
        day = own;
        const drawn = <Article key={keyOf(item)} view={view} item={item} />;
        return isFirst ? [<Day key={own} name={own} />, drawn] : [drawn];
      })}
    </div>
  );
}

function Day({ name }: { name: string }): Drawn {
  return (
    <div class="day" part="day">
      {name}
    </div>
  );
}

function Ghosts({ label }: { label: string }): Drawn {
  return (
    <div part="loading">
      <span class="hidden">{label}</span>
      {[1, 2, 3].map((row) => (
        <div key={row} class="ghost" aria-hidden="true">
          <span />
        </div>
      ))}
    </div>
  );
}

function Empty({ view }: { view: FeedView }): Drawn {
  const { texts } = view;
  const { isUnreadOnly } = view.list.filter;
  return (
    <slot name="empty">
      <div class="state" part="empty">
        <Bell />
        <strong>{isUnreadOnly ? texts.emptyUnread : texts.empty}</strong>
        {!isUnreadOnly && <span>{texts.emptyHint}</span>}
      </div>
    </slot>
  );
}

function Trouble({ view }: { view: FeedView }): Drawn {
  const { texts } = view;
  return (
    <slot name="error">
      <div class="state" part="error" role="alert">
        <Cloud />
        <strong>{isSignedOut(view) ? texts.signedOut : texts.error}</strong>
        <button type="button" onclick={view.onRetry}>
          {texts.retry}
        </button>
      </div>
    </slot>
  );
}

/** No token is good any more: the page's own sign-in is what helps. */
function isSignedOut({ session, list }: FeedView): boolean {
  const error = session.error ?? list.error;
  return error !== null && (error.code === "ERR_TOKEN" || error.status === 401);
}
