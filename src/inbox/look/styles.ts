/** The whole look. Colours are a page's own by custom properties; `light-dark()` follows its colour scheme. */
const CSS = `
:host {
  --_accent: var(--onecall-accent, light-dark(#3a5bc7, #9eb1ff));
  --_on-accent: var(--onecall-on-accent, light-dark(#fff, #10121b));
  --_background: var(--onecall-background, light-dark(#fff, #18191b));
  --_hover: var(--onecall-hover, light-dark(#f4f5f8, #222427));
  --_unread: var(--onecall-unread, light-dark(#f6f8ff, #1c2030));
  --_text: var(--onecall-text, light-dark(#1c2024, #edeef0));
  --_muted: var(--onecall-muted, light-dark(#5c626b, #b0b4ba));
  --_border: var(--onecall-border, light-dark(#e4e5ea, #33363b));
  --_badge: var(--onecall-badge, light-dark(#ce2c31, #ff9592));
  --_on-badge: var(--onecall-on-badge, light-dark(#fff, #3b1219));
  --_radius: var(--onecall-radius, 12px);
  font: 14px/1.45 var(--onecall-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  color: var(--_text);
  -webkit-text-size-adjust: 100%;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([theme="system"]) { color-scheme: light dark; }
:host([hidden]) { display: none; }
:host(onecall-feed) { display: block; }
:host(onecall-inbox) { display: inline-block; }
*, ::before, ::after { box-sizing: border-box; }
button, a { font: inherit; color: inherit; }
button { background: none; border: 0; padding: 0; cursor: pointer; }
h2, h3, p { margin: 0; font: inherit; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.bell { position: relative; display: grid; place-items: center; inline-size: 40px; block-size: 40px; border-radius: 50%; color: var(--onecall-bell, inherit); }
.bell:hover, :host([open]) .bell { background: var(--_hover); color: var(--_text); }
.bell svg, ::slotted([slot="bell"]) { inline-size: 22px; block-size: 22px; }
.badge { position: absolute; inset-block-start: 1px; inset-inline-end: 0; min-inline-size: 18px; padding-inline: 5px; border-radius: 9px; background: var(--_badge); color: var(--_on-badge); font-size: 11px; font-weight: 650; line-height: 18px; text-align: center; font-variant-numeric: tabular-nums; box-shadow: 0 0 0 2px var(--_background); }

.panel { position: fixed; inset: auto; margin: 0; padding: 0; border: 1px solid var(--_border); border-radius: var(--_radius); inline-size: min(var(--onecall-width, 400px), 100vw - 16px); max-block-size: min(var(--onecall-height, 560px), 100vh - 16px); background: var(--_background); color: var(--_text); box-shadow: 0 2px 6px rgb(0 0 0 / 8%), 0 16px 40px -8px rgb(0 0 0 / 24%); overflow: hidden; }
.panel:popover-open { display: flex; flex-direction: column; }
.panel:focus { outline: none; }
.feed { display: flex; flex-direction: column; min-block-size: 0; flex: 1; background: var(--_background); }
:host(onecall-feed) .feed { max-block-size: var(--onecall-height, none); border-radius: var(--_radius); overflow: hidden; }
.top { display: flex; align-items: center; gap: 8px; min-block-size: 48px; padding: 10px 16px 2px; }
.top h2 { font-size: 16px; font-weight: 650; letter-spacing: -0.01em; }
.top .mark-all { margin-inline-start: auto; }
.quiet { min-block-size: 28px; padding-inline: 8px; margin-inline-end: -8px; border-radius: 7px; color: var(--_accent); font-size: 13px; font-weight: 550; }
.quiet:hover { background: var(--_hover); }
.filters { display: flex; flex-wrap: wrap; gap: 6px; padding: 6px 16px 12px; border-block-end: 1px solid var(--_border); }
.filters button { min-block-size: 28px; padding-inline: 11px; border: 1px solid var(--_border); border-radius: 14px; color: var(--_muted); font-size: 13px; font-weight: 500; }
.filters button:hover { background: var(--_hover); color: var(--_text); }
.filters button[aria-pressed="true"] { border-color: transparent; background: var(--_text); color: var(--_background); }
.filters i { inline-size: 1px; margin: 4px 2px; background: var(--_border); }
.offline, .trouble { display: flex; align-items: center; gap: 12px; padding: 8px 16px; background: light-dark(#fff7d6, #2d2305); color: light-dark(#5c4a00, #f5dd8f); font-size: 13px; }
.trouble button { margin-inline-start: auto; font-weight: 600; text-decoration: underline; text-underline-offset: 3px; }

.list { position: relative; flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; }
:host(onecall-inbox) .list { min-block-size: 180px; }
.newest { position: sticky; inset-block-start: 10px; z-index: 2; display: block; inline-size: max-content; block-size: 32px; margin: 0 auto -32px; padding-inline: 14px; border-radius: 16px; background: var(--_accent); color: var(--_on-accent); font-size: 13px; font-weight: 600; box-shadow: 0 4px 12px rgb(0 0 0 / 20%); }
.day { padding: 14px 16px 6px; color: var(--_muted); font-size: 12px; font-weight: 600; }
.item { position: relative; display: flex; gap: 12px; padding: 12px 16px; padding-inline-end: 34px; }
.item + .item::before { content: ""; position: absolute; inset-block-start: 0; inset-inline: 16px; border-block-start: 1px solid var(--_border); }
.item.is-unread { background: var(--_unread); }
.item:hover { background: var(--_hover); }
.item img { flex: none; inline-size: 40px; block-size: 40px; border-radius: 9px; object-fit: cover; background: var(--_hover); }
.words { flex: 1; min-inline-size: 0; }
.title { font-weight: 500; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.is-unread .title { font-weight: 650; }
.main { text-align: start; text-decoration: none; }
.main::after { content: ""; position: absolute; inset: 0; border-radius: 4px; }
.main:focus-visible { outline: none; }
.main:focus-visible::after { outline: 2px solid var(--_accent); outline-offset: -3px; }
.body { margin-block-start: 2px; color: var(--_muted); white-space: pre-line; overflow-wrap: anywhere; }
.body.is-short { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden; }
.over { position: relative; z-index: 1; }
.fold { min-block-size: 24px; color: var(--_accent); font-size: 13px; font-weight: 550; }
.meta { display: flex; flex-wrap: wrap; gap: 2px 8px; margin-block-start: 4px; color: var(--_muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.meta .tag::before { content: "·"; margin-inline-end: 8px; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 10px; }
.actions > * { display: inline-flex; align-items: center; min-block-size: 32px; max-inline-size: 100%; padding-inline: 12px; border: 1px solid var(--_border); border-radius: 8px; background: var(--_background); font-size: 13px; font-weight: 550; text-decoration: none; overflow-wrap: anywhere; }
.actions > :hover { border-color: var(--_muted); }
.actions > :first-child { border-color: transparent; background: var(--_accent); color: var(--_on-accent); }
.actions > :first-child:hover { filter: brightness(0.94); }
.dot { position: absolute; inset-block-start: 18px; inset-inline-end: 16px; inline-size: 8px; block-size: 8px; border-radius: 50%; background: var(--_accent); }
.state { display: grid; justify-items: center; gap: 4px; padding: 44px 24px 52px; text-align: center; color: var(--_muted); }
.state svg { inline-size: 40px; block-size: 40px; margin-block-end: 8px; opacity: 0.55; }
.state strong { color: var(--_text); font-weight: 600; }
.state button { min-block-size: 32px; margin-block-start: 10px; padding-inline: 14px; border: 1px solid var(--_border); border-radius: 8px; color: var(--_text); font-weight: 550; }
.state button:hover { background: var(--_hover); }
.ghost { display: flex; gap: 12px; padding: 14px 16px; }
.ghost::before { content: ""; flex: none; inline-size: 40px; block-size: 40px; border-radius: 9px; background: var(--_border); opacity: 0.6; }
.ghost span { flex: 1; block-size: 34px; border-radius: 6px; background: linear-gradient(var(--_border) 0 11px, transparent 11px 21px, var(--_border) 21px 32px, transparent 32px); opacity: 0.6; }
.end { padding: 16px; color: var(--_muted); font-size: 12px; text-align: center; }
@media (prefers-reduced-motion: no-preference) {
  .panel:popover-open { animation: appear 0.14s ease-out; }
  .ghost { animation: breathe 1.4s ease-in-out infinite alternate; }
  .item.is-new { animation: arrive 0.5s ease-out; }
}
@keyframes appear { from { opacity: 0; transform: translateY(-4px); } }
@keyframes breathe { to { opacity: 0.5; } }
@keyframes arrive { from { background: light-dark(#dfe6ff, #2b3566); } }
@media (forced-colors: active) {
  .dot, .badge { forced-color-adjust: none; }
  .filters button[aria-pressed="true"] { border-color: Highlight; }
}
@media (max-width: 480px) {
  .panel { inline-size: calc(100vw - 16px); max-block-size: calc(100dvh - 16px); }
}
`;

let sheet: CSSStyleSheet | null = null;

/** One sheet for all elements of a page; made by script, so that no policy need allow inline styles. */
export function adoptStyles(root: ShadowRoot): void {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  root.adoptedStyleSheets = [sheet];
}
