import type { FeedAction } from "../feed/content.ts";
import { type FeedItem, keyOf } from "../feed/item.ts";
import type { Drawn } from "./draw.ts";
import { slotOf } from "./slots.ts";
import type { FeedView } from "./view.ts";

/** A body of more characters or lines is folded. */
const FOLD_LENGTH = 260;
const FOLD_LINES = 4;

/** An item, as the element draws it or with a slot for what the page draws. */
export function Article({ view, item }: { view: FeedView; item: FeedItem }): Drawn {
  const key = keyOf(item);
  const isUnread = item.viewedAt === null;
  const classes = `item${isUnread ? " is-unread" : ""}${view.arrived.has(key) ? " is-new" : ""}`;
  const isCustom = view.isCustom(item);
  const name = `t-${slotOf(item)}`;
  return (
    <article
      key={key}
      class={classes}
      part={isUnread ? "item item-unread" : "item"}
      data-key={key}
      data-unread={isUnread ? "" : undefined}
      aria-labelledby={isCustom ? undefined : name}
    >
      {isCustom ? <slot name={slotOf(item)} /> : <Words view={view} item={item} name={name} />}
      {isUnread && (
        <span class="dot" part="dot">
          <span class="hidden">{view.texts.isUnread}</span>
        </span>
      )}
    </article>
  );
}

function Words({ view, item, name }: { view: FeedView; item: FeedItem; name: string }): Drawn {
  const { title, body, image, action, buttons } = view.contentOf(item);
  return (
    <>
      {image !== null && (
        <img
          part="image"
          src={image.url}
          alt={image.alt}
          loading="lazy"
          decoding="async"
          referrerpolicy="no-referrer"
          onerror={({ currentTarget }) => currentTarget.toggleAttribute("hidden", true)}
        />
      )}
      <div class="words">
        <h3 class="title" part="title" id={name}>
          <Target view={view} item={item} action={action} class="main" label={title || item.templateKey} />
        </h3>
        {body !== "" && <Body view={view} item={item} body={body} />}
        <div class="meta">
          <Time view={view} item={item} />
          {item.tag !== null && (
            <span class="tag" part="tag">
              <bdi>{item.tag}</bdi>
            </span>
          )}
        </div>
        {buttons.length > 0 && (
          <div class="actions over" part="actions">
            {buttons.map((button) => (
              <Target
                key={button.label}
                view={view}
                item={item}
                action={button}
                part="action"
                label={button.label}
              />
            ))}
          </div>
        )}
      </div>
    </>
  );
}

function Body({ view, item, body }: { view: FeedView; item: FeedItem; body: string }): Drawn {
  const isLong = body.length > FOLD_LENGTH || body.split("\n").length > FOLD_LINES;
  const isWhole = !isLong || view.unfolded.has(keyOf(item));
  return (
    <>
      <p class={isWhole ? "body" : "body is-short"} part="body">
        <bdi>{body}</bdi>
      </p>
      {isLong && (
        <button type="button" class="fold over" aria-expanded={isWhole} onclick={() => view.onUnfold(item)}>
          {isWhole ? view.texts.less : view.texts.more}
        </button>
      )}
    </>
  );
}

function Time({ view, item }: { view: FeedView; item: FeedItem }): Drawn {
  const timeMs = Date.parse(item.createdAt);
  return (
    <time part="time" datetime={item.createdAt} title={view.times.full(timeMs)}>
      {view.times.ago(timeMs, view.nowMs)}
    </time>
  );
}

interface TargetProps {
  view: FeedView;
  item: FeedItem;
  action: FeedAction | null;
  label: string;
  class?: string;
  part?: string;
}

/** A link where it opens one, else a button. */
function Target({ view, item, action, label, ...rest }: TargetProps): Drawn {
  const onClick = (event: Event): void => view.onAction(event, item, action);
  if (action?.url == null) {
    return (
      <button type="button" {...rest} onclick={onClick}>
        <bdi>{label}</bdi>
      </button>
    );
  }
  return (
    <a href={action.url} target={view.linkTarget} rel="noopener noreferrer" {...rest} onclick={onClick}>
      <bdi>{label}</bdi>
    </a>
  );
}
