import { FeedElement } from "./element.ts";
import { Bell } from "./look/icons.tsx";
import { fill, type Texts } from "./look/texts.ts";
import type { Drawn } from "./view/draw.ts";
import { Feed } from "./view/feed.tsx";

/** The space between bell, panel and the edges of the screen, px. */
const GAP = 8;
/** With less space below the bell than this the panel stands above it, if there is more. */
const MIN_HEIGHT = 320;
/** The badge says "99+" from here on. */
const MAX_BADGE = 99;

/** `<onecall-inbox>`: a bell with the number of unread items, and a panel that opens from it. */
export class OnecallInbox extends FeedElement {
  static override readonly observedAttributes = [...FeedElement.observedAttributes, "open"];

  /** The panel is about to open or to close. What is drawn until it has would turn it back. */
  #isToggling = false;

  /** Whether the panel is open. An attribute too. */
  get open(): boolean {
    return this.hasAttribute("open");
  }

  set open(isOpen: boolean) {
    this.toggleAttribute("open", isOpen);
  }

  show(): void {
    this.open = true;
  }

  hide(): void {
    this.open = false;
  }

  toggle(): void {
    this.open = !this.open;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("resize", this.#place);
    addEventListener("scroll", this.#place, { capture: true, passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#isToggling = false;
    removeEventListener("resize", this.#place);
    removeEventListener("scroll", this.#place, { capture: true });
  }

  protected get isListOpen(): boolean {
    return this.open;
  }

  protected get hasHeading(): boolean {
    return true;
  }

  protected draw(texts: Texts): Drawn {
    const count = this.unreadCount ?? 0;
    const { view } = this;
    const label =
      count > 0
        ? `${texts.notifications}, ${fill(texts.unread, { count: String(count) })}`
        : texts.notifications;
    return (
      <>
        <button
          type="button"
          class="bell"
          part="bell"
          popovertarget="panel"
          aria-label={label}
          aria-haspopup="dialog"
          aria-expanded={this.open}
          onpointerenter={() => this.#prepare()}
          onfocus={() => this.#prepare()}
        >
          <slot name="bell">
            <Bell />
          </slot>
          {count > 0 && (
            <span class="badge" part="badge" aria-hidden="true">
              {count > MAX_BADGE ? `${MAX_BADGE}+` : count}
            </span>
          )}
        </button>
        <div
          id="panel"
          class="panel"
          part="panel"
          popover="auto"
          role="dialog"
          aria-label={texts.notifications}
          tabindex={-1}
          onbeforetoggle={(event) => this.#prepareToggle(event)}
          ontoggle={(event) => this.#toggled(event)}
        >
          {view !== null && <Feed view={view} />}
        </div>
        <div class="hidden" role="status" aria-label={texts.newest}>
          {this.announced}
        </div>
      </>
    );
  }

  protected override drawn(): void {
    super.drawn();
    this.#follow();
  }

  get #panel(): HTMLElement | null {
    return this.root.querySelector("#panel");
  }

  /** Who points at the bell is about to open it. */
  #prepare(): void {
    if (this.list !== null) return;
    this.openList();
    this.update();
  }

  /** The panel opens and closes with the attribute, as soon as that is drawn. */
  #follow(): void {
    const panel = this.#panel;
    if (panel === null || !panel.isConnected || this.#isToggling) return;
    const isShown = panel.matches(":popover-open");
    if (this.open && !isShown) panel.showPopover();
    if (!this.open && isShown) panel.hidePopover();
  }

  #prepareToggle(event: Event): void {
    if (!(event instanceof ToggleEvent)) return;
    this.#isToggling = true;
    this.open = event.newState === "open";
    if (!this.open) return;
    this.#prepare();
    this.#place();
  }

  #toggled(event: Event): void {
    if (!(event instanceof ToggleEvent)) return;
    this.#isToggling = false;
    const isOpen = event.newState === "open";
    if (isOpen) this.#panel?.focus({ preventScroll: true });
    // Where the focus was in the panel it would be nowhere; where somebody clicked on something else it is there.
    else if (this.matches(":focus-within") || document.activeElement === document.body) {
      this.root.querySelector<HTMLElement>(".bell")?.focus();
    }
    this.tell(isOpen ? "onecall-open" : "onecall-close", {});
    this.update();
  }

  /** Beside the bell: towards the middle of the page, below it where there is room. */
  #place = (): void => {
    const panel = this.#panel;
    const bell = this.root.querySelector(".bell")?.getBoundingClientRect();
    if (panel === null || bell === undefined) return;
    const width = Number.parseFloat(getComputedStyle(panel).inlineSize) || 0;
    const start = bell.left + bell.width / 2 > innerWidth / 2 ? bell.right - width : bell.left;
    const below = innerHeight - bell.bottom - 2 * GAP;
    const above = bell.top - 2 * GAP;
    const isBelow = below >= MIN_HEIGHT || below >= above;
    const { style } = panel;
    style.left = `${Math.max(GAP, Math.min(start, innerWidth - width - GAP))}px`;
    style.top = isBelow ? `${bell.bottom + GAP}px` : "auto";
    style.bottom = isBelow ? "auto" : `${innerHeight - bell.top + GAP}px`;
    style.maxHeight = `min(var(--onecall-height, 560px), ${Math.max(0, isBelow ? below : above)}px)`;
  };
}
