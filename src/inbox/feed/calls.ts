import { isFields, textOf } from "./item.ts";

const API = "/v3/business-messaging/api/feed";
const TIMEOUT_MS = 20_000;

export type GetToken = () => string | Promise<string>;

/** Why a feed can't be read or marked. */
export class FeedError extends Error {
  /** The API's, or `ERR_NETWORK`, `ERR_TOKEN`. */
  readonly code: string;
  /** Of the answer; 0 where there was none. */
  readonly status: number;

  constructor(code: string, message: string, status = 0) {
    super(message);
    this.name = "FeedError";
    this.code = code;
    this.status = status;
  }
}

/** A user's token, and where the next one comes from. */
export class Tokens {
  readonly #getToken: GetToken | null;
  #token: string;
  #renewal: Promise<string> | null = null;

  constructor(token: string, getToken: GetToken | null) {
    this.#token = token;
    this.#getToken = getToken;
  }

  current(): Promise<string> {
    return this.#token === "" ? this.renew("") : Promise.resolve(this.#token);
  }

  /** Another token than the one that was refused: asked for once, however many calls were refused. */
  renew(refused: string): Promise<string> {
    if (this.#token !== refused) return Promise.resolve(this.#token);
    this.#renewal ??= this.#ask().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #ask(): Promise<string> {
    if (this.#getToken === null)
      throw new FeedError("ERR_TOKEN", "There is no valid token, and no getToken()");
    let token: unknown;
    try {
      token = await this.#getToken();
    } catch (error) {
      throw new FeedError(
        "ERR_TOKEN",
        `getToken() failed: ${error instanceof Error ? error.message : error}`,
      );
    }
    if (typeof token !== "string" || token === "")
      throw new FeedError("ERR_TOKEN", "getToken() gave no token");
    this.#token = token;
    return token;
  }
}

/** The calls of a user's client. A token that is refused is renewed once. */
export class FeedCalls {
  readonly tokens: Tokens;
  readonly #root: string;

  /** @param server where Onecall answers. */
  constructor(server: string, tokens: Tokens) {
    this.#root = server.replace(/\/+$/, "") + API;
    this.tokens = tokens;
  }

  get socketUrl(): string {
    return `${this.#root.replace(/^http/, "ws")}/socket`;
  }

  /** @throws {FeedError} */
  async call(method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
    const token = await this.tokens.current();
    const answer = await this.#fetch(method, path, token, body);
    if (answer.status !== 401) return readAnswer(answer);
    return readAnswer(await this.#fetch(method, path, await this.tokens.renew(token), body));
  }

  async #fetch(method: string, path: string, token: string, body?: object): Promise<Response> {
    try {
      return await fetch(this.#root + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        credentials: "omit",
        // A click is told of even where the page leaves with it.
        keepalive: method === "POST",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new FeedError("ERR_NETWORK", error instanceof Error ? error.message : String(error));
    }
  }
}

async function readAnswer(answer: Response): Promise<unknown> {
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const error = isFields(body) && isFields(body.error) ? body.error : {};
  throw new FeedError(textOf(error.code) || "ERR_NETWORK", textOf(error.message), answer.status);
}
