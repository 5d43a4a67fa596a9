import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startTestWorker, type TestWorker } from "../../support/worker/start.ts";
import { openPage, startBrowser, type WatchedPage } from "./browser.ts";
import { InboxApp } from "./inbox-app.ts";
import { type PageFiles, type PageServer, startPageServer } from "./page-server.ts";

/** Makes the element that the query describes, and keeps what it tells. */
const SCRIPT = `
const params = new URLSearchParams(location.search);
const element = document.createElement(params.get("element") ?? "onecall-inbox");
for (const [name, value] of params) if (name !== "element" && name !== "asks") element.setAttribute(name, value);
if (params.has("asks")) element.getToken = () => globalThis.issueToken();
globalThis.told = [];
for (const type of ["unread", "item", "view", "action", "open", "close", "error"]) {
  document.addEventListener("onecall-" + type, ({ detail }) => told.push({ type, detail }));
}
document.querySelector("main").append(element);
`;

const STYLE = `
html { color-scheme: light dark; }
body { margin: 0; font: 16px system-ui; }
main { display: flex; justify-content: end; padding: 12px; min-block-size: 100vh; box-sizing: border-box; }
onecall-feed { flex: 1; align-self: start; max-inline-size: 640px; }
.own { color: rgb(1, 2, 3); }
`;

declare global {
  var told: { type: string; detail: Record<string, unknown> }[];
}

interface SiteParts {
  worker: TestWorker;
  app: InboxApp;
  browser: Browser;
  pages: PageServer;
  files: Record<string, string>;
}

/** A Worker, an app and a site of its own with the inbox in it, for a file of tests. */
export class InboxSite {
  readonly worker: TestWorker;
  readonly app: InboxApp;
  readonly browser: Browser;
  readonly #pages: PageServer;

  readonly #files: Record<string, string>;

  private constructor({ worker, app, browser, pages, files }: SiteParts) {
    this.worker = worker;
    this.app = app;
    this.browser = browser;
    this.#pages = pages;
    this.#files = files;
  }

  /** With this Worker, or with one that is started for it. It stops either. */
  static async start(starting: Promise<TestWorker> = startTestWorker()): Promise<InboxSite> {
    const [worker, browser] = await Promise.all([starting, startBrowser()]);
    const { url } = worker;
    const files: Record<string, string> = { ...filesFor(url) };
    const pages = await startPageServer(
      () => url,
      () => files,
    );
    const app = await InboxApp.create(worker);
    return new InboxSite({ worker, app, browser, pages, files });
  }

  /** A page at this path, of which this is the module. */
  addPage(path: string, module: string): void {
    this.#files[path] = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script type="module" src="${path}.js"></script></head><body><main></main></body></html>`;
    this.#files[`${path}.js`] = module;
  }

  /** The address of a page with an element of these attributes. */
  urlOf(attributes: Record<string, string>, path = "/"): string {
    return `${this.#pages.url}${path}?${new URLSearchParams(attributes)}`;
  }

  /** A page with the element of a user, who has a token of their own unless the attributes say otherwise. */
  async open(
    userId: string,
    attributes: Record<string, string> = {},
    options: BrowserContextOptions & { functions?: Record<string, () => unknown>; path?: string } = {},
  ): Promise<WatchedPage> {
    const token: Record<string, string> =
      "asks" in attributes ? {} : { token: await this.app.tokenFor(userId) };
    const { path, ...context } = options;
    return openPage(this.browser, this.urlOf({ ...token, ...attributes }, path), context);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.#pages.stop();
    await this.worker.stop();
  }
}

function filesFor(workerUrl: string): PageFiles {
  const pageOf = (attributes: string): string =>
    `<!doctype html><html ${attributes}><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/page.css">
<script type="module" src="${workerUrl}/inbox.js"></script>
<script type="module" src="/page.js"></script></head>
<body><main><h1 hidden>Shop</h1></main></body></html>`;
  return {
    "/": pageOf('lang="en"'),
    "/rtl": pageOf('lang="de" dir="rtl"'),
    "/picture.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1H0z"/></svg>',
    "/page.css": STYLE,
    "/page.js": SCRIPT,
  };
}

/** Waits until the badge says so; empty: until there is none. */
export async function expectBadge(page: Page, text: string | RegExp): Promise<void> {
  const badge = page.locator("onecall-inbox .badge");
  if (text === "") await badge.waitFor({ state: "detached" });
  else await badge.and(page.getByText(text, { exact: true })).waitFor();
}

export const bellOf = (page: Page) =>
  page.getByRole("button", { name: /^(Notifications|Benachrichtigungen)/ });

/** What the element told the page, of a type. */
export function toldOf(page: Page, type: string): Promise<Record<string, unknown>[]> {
  return page.evaluate(
    (wanted) => told.filter((one) => one.type === wanted).map(({ detail }) => detail),
    type,
  );
}
