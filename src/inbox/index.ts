/** The module that a page loads: it registers `<onecall-inbox>` and `<onecall-feed>`. */

import { OnecallFeed } from "./feed-element.tsx";
import type { InboxEvents } from "./framework.ts";
import { OnecallInbox } from "./inbox-element.tsx";

export type { GetToken } from "./feed/calls.ts";
export { FeedError } from "./feed/calls.ts";
export type { FeedAction } from "./feed/content.ts";
export type { FeedItem } from "./feed/item.ts";
export type { Texts } from "./look/texts.ts";
export type { RenderItem } from "./view/slots.ts";
export { OnecallFeed, OnecallInbox };

declare global {
  interface HTMLElementTagNameMap {
    "onecall-inbox": OnecallInbox;
    "onecall-feed": OnecallFeed;
  }
  interface HTMLElementEventMap extends EventMap {}
}

type EventMap = { [Name in keyof InboxEvents as `onecall-${Name}`]: CustomEvent<InboxEvents[Name]> };

// On a server there is no registry; a page may load the module under both of its names.
for (const [name, element] of [
  ["onecall-inbox", OnecallInbox],
  ["onecall-feed", OnecallFeed],
] as const) {
  if (globalThis.customElements?.get(name) === undefined) globalThis.customElements?.define(name, element);
}
