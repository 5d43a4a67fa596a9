/** What docs/inbox.md names, with what the demo sets it to (`test/web/inbox-looks.test.ts`: nothing is left out). */

/** Of an attribute that is there by itself at first. */
export const FIRST_ATTRIBUTES: Readonly<Record<string, string>> = { tags: "orders,news,events", heading: "" };

/** `server` and `token` are known when the page is. */
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  ...FIRST_ATTRIBUTES,
  server: "",
  token: "",
  theme: "",
  locale: "de",
  tag: "orders",
  filter: "unread",
  target: "_blank",
  "read-only": "",
  open: "",
};

export const PROPERTIES: Readonly<Record<string, string>> = {
  "--onecall-accent": "light-dark(#0a7a4b, #5bd3a0)",
  "--onecall-on-accent": "light-dark(#ffffff, #04110b)",
  "--onecall-background": "light-dark(#fffaf2, #211a12)",
  "--onecall-text": "light-dark(#40210f, #ffe9d6)",
  "--onecall-muted": "light-dark(#6b4a36, #d9bda6)",
  "--onecall-border": "light-dark(#e0b48f, #6b4a36)",
  "--onecall-hover": "light-dark(#fdeacb, #33281b)",
  "--onecall-unread": "light-dark(#e9f7ef, #14291f)",
  "--onecall-badge": "light-dark(#6e3fc4, #c4a7ff)",
  "--onecall-on-badge": "light-dark(#ffffff, #1c1030)",
  "--onecall-bell": "light-dark(#6e3fc4, #c4a7ff)",
  "--onecall-radius": "2px",
  "--onecall-font": "Georgia, serif",
  "--onecall-width": "300px",
  "--onecall-height": "360px",
};

export const PARTS: readonly string[] = [
  ...["bell", "badge", "panel", "feed", "header", "heading", "mark-all", "filters", "filter", "filter-on"],
  ...["list", "newest", "day", "item", "item-unread", "dot", "image", "title", "body", "time", "tag"],
  ...["actions", "action", "loading", "empty", "error", "offline"],
];

/** By their names, the words that go into them. */
export const SLOTS: Readonly<Record<string, string>> = {
  bell: "✉",
  header: "Messages",
  footer: "All of the settings are in your profile.",
  empty: "Nothing here but us.",
  error: "We can't reach your messages.",
};

/** Methods, by what the page's script calls them, with what is called. */
export const CALLS: Readonly<Record<string, string>> = {
  show: "show()",
  hide: "hide()",
  toggle: "toggle()",
  refresh: "refresh()",
  markViewed: "markViewed(items[0])",
  markAllViewed: "markAllViewed()",
  read: "unreadCount, items, isReadOnly",
};

/** What brings a state about, where that is an attribute's value: the tag that no item has. */
export const STATES: Readonly<Record<string, string>> = {
  empty: "none",
  loading: "getToken() doesn't end",
  error: "getToken() fails",
  offline: "the browser says so",
};
