import type { OnecallError } from "./errors.ts";
import type { CallOptions, Fetch, OnecallOptions } from "./options.ts";
import { pause, pauseAfter, readRetryAfter } from "./pause.ts";
import { lostAnswer, readFailure, unreadableAnswer } from "./refusal.ts";
import { joinAborts } from "./signals.ts";

/** What a call is, whoever makes it. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the service's URL; or a whole URL. */
  path: string;
  query?: object;
  /** What is sent as JSON. */
  body?: unknown;
  /** What is sent in place of JSON; made anew for each try. */
  form?: () => RequestInit;
  /** In place of the client's. */
  fetch?: Fetch;
  /** Default: the API key. Null: none. */
  credential?: "apiKey" | "userToken" | "adminToken" | null;
  headers?: Readonly<Record<string, string>>;
  /**
   * False where a call that got no answer may have been done, and would be done twice. Without it: false for a POST,
   * true for all others.
   */
  isRepeatable?: boolean;
}

/** What became of a try. */
type Outcome<Answer> = { answer: Answer; response: Response } | { error: OnecallError; retryAfterMs: number };
type Reader<Answer> = (response: Response) => Promise<Answer>;

const TIMEOUT_MS = 30_000;
const MAX_RETRIES = 4;

/** Makes calls: tries again what may succeed, and turns what went wrong into an `OnecallError`. */
export class Caller {
  readonly url: string;
  readonly #options: OnecallOptions;

  constructor(options: OnecallOptions) {
    for (const name of ["url", "apiKey", "userToken", "adminToken"] as const) {
      // An environment variable that isn't set is found here, not by the first send.
      if (name in options && !options[name]) throw new TypeError(`Onecall: ${name} is empty`);
    }
    const url = options.url ?? pageOrigin();
    if (url === undefined) throw new TypeError("Onecall: outside of a page, url is needed");
    this.url = url.replace(/\/+$/, "");
    this.#options = options;
  }

  /** The answer's JSON. The service's tests hold its answers to its document, of which their types are made. */
  json<Answer>(call: Call, options?: CallOptions): Promise<Answer> {
    return this.#run(call, options, async (response): Promise<Answer> => JSON.parse(await response.text()));
  }

  text(call: Call, options?: CallOptions): Promise<string> {
    return this.#run(call, options, (response) => response.text());
  }

  /** The answer as it begins: its body is the caller's to read. */
  open(call: Call, options?: CallOptions): Promise<Response> {
    return this.#run(call, options, async (response) => response);
  }

  async #run<Answer>(call: Call, options: CallOptions = {}, read: Reader<Answer>): Promise<Answer> {
    const { signal, maxRetries = this.#options.maxRetries ?? MAX_RETRIES } = options;
    // Once, so that every try says the same.
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const start = performance.now();
      const request = await this.#request(call, body);
      const outcome = await this.#try(call, request, options, read);
      const isOver = "answer" in outcome || !outcome.error.retryable || attempt > maxRetries;
      const retryInMs = isOver ? null : pauseAfter(attempt, outcome.retryAfterMs);
      this.#log(call, attempt, outcome, performance.now() - start, retryInMs);
      if ("answer" in outcome) return outcome.answer;
      if (retryInMs === null) throw outcome.error;
      await pause(retryInMs, signal);
    }
  }

  async #try<Answer>(
    { method, isRepeatable = method !== "POST", fetch = this.#options.fetch ?? globalFetch }: Call,
    { url, init }: { url: string; init: RequestInit },
    { signal, timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS }: CallOptions,
    read: Reader<Answer>,
  ): Promise<Outcome<Answer>> {
    const aborts = joinAborts(signal);
    aborts.after(timeoutMs);
    let response: Response | null = null;
    try {
      response = await aborts.race(fetch(url, { ...init, signal: aborts.signal }));
      if (response.ok) return { answer: await aborts.race(read(response)), response };
      const error = readFailure(response, await aborts.race(response.text()), isRepeatable);
      return { error, retryAfterMs: readRetryAfter(response.headers.get("retry-after")) };
    } catch (cause) {
      signal?.throwIfAborted();
      const timeout = aborts.hasTimedOut ? timeoutMs : null;
      const error =
        response !== null && cause instanceof SyntaxError
          ? unreadableAnswer(response, isRepeatable)
          : lostAnswer(cause, timeout, isRepeatable);
      return { error, retryAfterMs: 0 };
    } finally {
      aborts.stop();
    }
  }

  async #request(
    { method, path, query = {}, form, credential = "apiKey", headers }: Call,
    body: string | undefined,
  ) {
    const fields = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(
      fields.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    const given = form?.() ?? {};
    const init: RequestInit = {
      method,
      // A key isn't sent on to wherever an answer points.
      redirect: "manual",
      body,
      ...given,
      headers: {
        ...this.#options.headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(await this.#authorize(credential)),
        ...headers,
        ...given.headers,
      },
    };
    const base = URL.canParse(path) ? path : this.url + path;
    return { url: search === "" ? base : `${base}?${search}`, init };
  }

  /** No credential, no header: a page of Onecall's own has a cookie. */
  async #authorize(name: Call["credential"]): Promise<Record<string, string>> {
    const credential = name === null || name === undefined ? undefined : this.#options[name];
    const value = typeof credential === "function" ? await credential() : credential;
    if (value === undefined) return {};
    return name === "apiKey" ? { apikey: value } : { authorization: `Bearer ${value}` };
  }

  #log<Answer>(
    call: Call,
    attempt: number,
    outcome: Outcome<Answer>,
    durationMs: number,
    retryInMs: number | null,
  ): void {
    const error = "error" in outcome ? outcome.error : null;
    const response = "response" in outcome ? outcome.response : null;
    try {
      this.#options.log?.({
        method: call.method,
        path: call.path,
        attempt,
        status: response?.status ?? error?.status ?? null,
        code: error?.code ?? null,
        requestId: response?.headers.get("x-request-id") ?? error?.requestId ?? null,
        durationMs: Math.round(durationMs),
        retryInMs,
      });
    } catch {
      // What was sent is sent, whatever becomes of the line about it.
    }
  }
}

/** Looked up at each call: pages and tests put others in its place. */
const globalFetch: Fetch = (url, init) => globalThis.fetch(url, init);

/** Of the page that this runs in. */
function pageOrigin(): string | undefined {
  return (globalThis as { location?: { origin: string } }).location?.origin;
}
