import type { FeedError, GetToken } from "./feed/calls.ts";
import { findSession, type Session, type SessionEvent } from "./feed/session.ts";
import { adoptStyles } from "./look/styles.ts";
import { type Texts, textsFor } from "./look/texts.ts";
import { Times } from "./look/times.ts";
import { type Drawn, draw } from "./view/draw.ts";

/** On a server, where modules are only read, there is nothing to extend. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? class {};

/** An element with a session: who reads, in which words, and when it is drawn. */
export abstract class SessionElement extends Base {
  static readonly observedAttributes: string[] = ["server", "token", "locale", "read-only"];

  protected session: Session | null = null;
  protected readonly root: ShadowRoot;
  #getToken: GetToken | null = null;
  #texts: Partial<Texts> = {};
  #times: Times | null = null;
  #stopListening: (() => void) | null = null;
  #isDue = false;

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    adoptStyles(this.root);
  }

  /** The user's token. An attribute too. */
  get token(): string {
    return this.getAttribute("token") ?? "";
  }

  set token(token: string | null | undefined) {
    if (token) this.setAttribute("token", token);
    else this.removeAttribute("token");
  }

  /** Gives a token: called where there is none yet, and once where one is refused. */
  get getToken(): GetToken | null {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | null | undefined) {
    if ((getToken ?? null) === this.#getToken) return;
    this.#getToken = getToken ?? null;
    this.restart();
  }

  /** Texts in place of the locale's. */
  get texts(): Partial<Texts> {
    return this.#texts;
  }

  set texts(texts: Partial<Texts> | null | undefined) {
    this.#texts = texts ?? {};
    this.update();
  }

  /** The server's last number of items without a view; null before the first. */
  get unreadCount(): number | null {
    return this.session?.unread ?? null;
  }

  get isReadOnly(): boolean {
    return this.hasAttribute("read-only");
  }

  /** Reads what is shown again, and tries again what has failed. */
  refresh(): void {
    this.session?.refresh();
    this.update();
  }

  connectedCallback(): void {
    for (const name of this.propertyNames) this.#takeEarly(name);
    this.restart();
  }

  disconnectedCallback(): void {
    this.stop();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.isConnected || before === after) return;
    if (name === "locale") this.#times = null;
    if (name === "server" || name === "token" || name === "read-only") this.restart();
    else this.update();
  }

  /** Properties that frameworks may set before the element is defined. */
  protected get propertyNames(): readonly string[] {
    return ["token", "getToken", "texts"];
  }

  /** The element's tree. */
  protected abstract draw(texts: Texts): Drawn;
  protected abstract take(event: SessionEvent): void;
  /** A session is there, or is gone. */
  protected abstract started(): void;
  protected abstract stopped(): void;
  protected abstract drawn(): void;

  protected tell(type: string, detail: object, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  protected report({ code, status, message }: FeedError): void {
    this.tell("onecall-error", { code, status, message });
    this.update();
  }

  /** Draws anew, once for all that changes in one turn. */
  protected update(): void {
    if (this.#isDue || !this.isConnected) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (!this.isConnected) return;
      draw(this.draw(this.textsNow()), this.root);
      this.drawn();
    });
  }

  protected textsNow(): Texts {
    return textsFor(this.#locale(), this.#texts);
  }

  protected timesNow(): Times {
    this.#times ??= new Times(this.#locale());
    return this.#times;
  }

  protected restart(): void {
    if (!this.isConnected) return;
    this.stop();
    const server = this.getAttribute("server") ?? ownServer();
    const { token, isReadOnly } = this;
    // Before there is a token or a way to one nothing is asked for: frameworks set it a moment later.
    if (token !== "" || this.#getToken !== null) {
      this.session = findSession({ server, token, getToken: this.#getToken, isReadOnly });
      this.#stopListening = this.session.listen((event) => this.take(event));
      this.started();
    }
    this.update();
  }

  protected stop(): void {
    this.stopped();
    this.#stopListening?.();
    this.#stopListening = null;
    this.session = null;
  }

  #takeEarly(name: string): void {
    const early = Object.getOwnPropertyDescriptor(this, name);
    if (early === undefined) return;
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, early.value);
  }

  /** The attribute's, or the page's language at this place. */
  #locale(): string {
    const near = this.getAttribute("locale") ?? this.closest("[lang]")?.getAttribute("lang");
    return near || navigator.language;
  }
}

/** Where the module was loaded from, where that is a Onecall; else the page's own site. */
function ownServer(): string {
  const { origin, pathname } = new URL(import.meta.url);
  return /^\/inbox(-\w+)?\.js$/.test(pathname) ? origin : location.origin;
}
