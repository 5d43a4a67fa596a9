import type { Operations } from "./api-types.ts";
import type { Call, Caller } from "./caller.ts";
import type { CallOptions } from "./options.ts";
import { type Page, Pages } from "./pages.ts";

/** How the areas of the API make their calls. */

/** What an operation takes and answers, by its id in the OpenAPI document. */
export type Answer<Id extends keyof Operations> = Operations[Id] extends { answer: infer A } ? A : never;
export type Body<Id extends keyof Operations> = Operations[Id] extends { body: infer B } ? B : never;
export type Query<Id extends keyof Operations> = Operations[Id] extends { query: infer Q } ? Q : never;

type ItemOf<OnePage> = OnePage extends Page<infer Item> ? Item : never;

/** Below which path most calls are. */
const API = "/v3/business-messaging/api";

/** Calls with one kind of credential. */
export class Requests {
  readonly #caller: Caller;
  readonly #credential: Call["credential"];

  constructor(caller: Caller, credential: Call["credential"] = "apiKey") {
    this.#caller = caller;
    this.#credential = credential;
  }

  get<Got>(path: string, options?: CallOptions, query?: object): Promise<Got> {
    return this.make({ method: "GET", path, query }, options);
  }

  text(path: string, options?: CallOptions, query?: object): Promise<string> {
    return this.#caller.text({ method: "GET", path, query, credential: this.#credential }, options);
  }

  list<Id extends keyof Operations>(
    path: string,
    options?: CallOptions,
    query?: object,
  ): Pages<ItemOf<Answer<Id>>, Answer<Id> & Page<ItemOf<Answer<Id>>>> {
    return new Pages((cursor) =>
      this.get(path, options, cursor === undefined ? query : { ...query, cursor }),
    );
  }

  /** A POST that may be done twice where its answer is lost: it isn't repeated then. */
  post<Got>(path: string, options?: CallOptions, body?: unknown): Promise<Got> {
    return this.make({ method: "POST", path, body }, options);
  }

  /** A POST that is one and the same, however often it comes. */
  postAgain<Got>(path: string, options?: CallOptions, body?: unknown): Promise<Got> {
    return this.make({ method: "POST", path, body, isRepeatable: true }, options);
  }

  put<Got>(path: string, options: CallOptions | undefined, body: unknown): Promise<Got> {
    return this.make({ method: "PUT", path, body }, options);
  }

  delete<Got>(path: string, options?: CallOptions, body?: unknown): Promise<Got> {
    return this.make({ method: "DELETE", path, body }, options);
  }

  make<Got>(call: Call, options?: CallOptions): Promise<Got> {
    return this.#caller.json({ credential: this.#credential, ...call }, options);
  }

  /** Of a call whose answer says nothing. */
  async send(call: Call, options?: CallOptions): Promise<void> {
    await this.#caller.text(call, options);
  }

  /** The answer as it begins, to be read as it comes. */
  open(path: string, options?: CallOptions): Promise<Response> {
    return this.#caller.open({ method: "GET", path, credential: this.#credential }, options);
  }

  get url(): string {
    return this.#caller.url;
  }
}

/** An area of the API. */
export abstract class Resource {
  protected readonly requests: Requests;

  constructor(requests: Requests) {
    this.requests = requests;
  }
}

/** A path of the API, its parameters encoded. */
export function api(parts: TemplateStringsArray, ...parameters: (string | number)[]): string {
  return API + path(parts, ...parameters);
}

/** @throws {TypeError} for a parameter that would make another path of it. */
export function path(parts: TemplateStringsArray, ...parameters: (string | number)[]): string {
  return parts.reduce((start, part, index) => {
    const parameter = String(parameters[index - 1]);
    if (/^\.{0,2}$/.test(parameter)) throw new TypeError(`Onecall: "${parameter}" can't be an id`);
    return start + encodeURIComponent(parameter) + part;
  });
}
