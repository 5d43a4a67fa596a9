import type { GetToken } from "./feed/calls.ts";
import type { FeedAction } from "./feed/content.ts";
import type { FeedItem } from "./feed/item.ts";
import type { Texts } from "./look/texts.ts";
import type { RenderItem } from "./view/slots.ts";

/** What the wrappers for frameworks have in common: the elements' attributes, properties and events as one object. */
export interface InboxProps {
  server?: string;
  token?: string;
  getToken?: GetToken;
  locale?: string;
  theme?: "light" | "dark" | "system";
  tags?: readonly string[];
  tag?: string;
  filter?: "all" | "unread";
  target?: "_self" | "_blank";
  readOnly?: boolean;
  /** Of the feed: it has a heading. */
  heading?: boolean;
  /** Of the inbox. */
  open?: boolean;
  texts?: Partial<Texts>;
  renderItem?: RenderItem;
}

/** By the names of the events, without `onecall-`. */
export interface InboxEvents {
  unread: { count: number };
  item: { item: FeedItem };
  view: { items: FeedItem[] };
  action: { item: FeedItem; action: FeedAction | null };
  open: object;
  close: object;
  error: { code: string; status: number; message: string };
}

/** Of an action the event may be prevented, so that its link isn't followed. */
export type InboxHandlers = {
  [Name in keyof InboxEvents as `on${Capitalize<Name>}`]?: (
    detail: InboxEvents[Name],
    event: CustomEvent<InboxEvents[Name]>,
  ) => void;
};

export const EVENTS = ["unread", "item", "view", "action", "open", "close", "error"] as const;
export const ATTRIBUTES = ["server", "token", "locale", "theme", "tag", "filter", "target"] as const;
export const PROPERTIES = ["getToken", "texts", "renderItem"] as const;

/** Makes an element as its props say; what is undefined is as if it had never been there. */
export function setProps(element: Element, props: InboxProps): void {
  for (const name of ATTRIBUTES) setAttribute(element, name, props[name]);
  setAttribute(element, "tags", props.tags?.join(","));
  element.toggleAttribute("read-only", props.readOnly === true);
  element.toggleAttribute("heading", props.heading === true);
  // A panel that the page says nothing of opens and closes by itself.
  if (props.open !== undefined) element.toggleAttribute("open", props.open);
  for (const name of PROPERTIES) Reflect.set(element, name, props[name] ?? null);
}

/** Has the newest handlers called; returns what ends that. */
export function listen(element: Element, handlersNow: () => InboxHandlers): () => void {
  const call = (event: Event): void => {
    if (!(event instanceof CustomEvent)) return;
    const name = event.type.slice("onecall-".length);
    const handler: unknown = Reflect.get(handlersNow(), `on${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    if (typeof handler === "function") handler(event.detail, event);
  };
  for (const name of EVENTS) element.addEventListener(`onecall-${name}`, call);
  return () => {
    for (const name of EVENTS) element.removeEventListener(`onecall-${name}`, call);
  };
}

function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
