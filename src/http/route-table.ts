import { type IRequest, Router } from "itty-router";
import { keyHeaderOf } from "./access.ts";
import type { Context } from "./context.ts";
import { nearestPath } from "./nearest-path.ts";
import type { Method, Route } from "./route.ts";

/** One method of a path. */
interface Entry {
  method: Method;
  path: string;
  /** One, or two by the header of their API keys. */
  routes: Route[];
}

/** All routes, found by a request's method and path. */
export class RouteTable {
  readonly #router = Router<IRequest, [Context]>();
  readonly #entries: Entry[] = [];
  /** What a path takes that has no parameters: `…/notifications/send` is no notification's id. */
  readonly #literals = new Map<string, Set<string>>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) for (const path of route.paths) this.#add(route, path);
  }

  /** The answer of the call's route; undefined where there is none. Two families may have the same path. */
  async respond(request: Request, context: Context): Promise<Response | undefined> {
    const methods = this.#literals.get(withoutEnd(context.url.pathname));
    if (methods !== undefined && !methods.has(request.method)) return undefined;
    return this.#router.fetch(request, context);
  }

  /** The route that {@link respond} would ask; null where there is none. */
  find(method: string, path: string, headers: Headers): Route | null {
    const methods = this.#literals.get(withoutEnd(path));
    if (methods !== undefined && !methods.has(method)) return null;
    // The router has them in the order of the entries.
    const place = this.#router.routes.findIndex(([own, pattern]) => own === method && pattern.test(path));
    const entry = this.#entries[place];
    return entry === undefined ? null : choose(entry, keyHeaderOf(headers));
  }

  /** The methods that a path takes; empty for a path that there isn't. */
  methodsOf(path: string): string[] {
    const matching = this.#router.routes
      .filter(([, pattern]) => pattern.test(path))
      .map(([method]) => method);
    const methods = new Set<string>(this.#literals.get(withoutEnd(path)) ?? matching);
    if (methods.has("GET")) methods.add("HEAD");
    return [...methods];
  }

  /** The path that a caller may have meant, as a document writes it; null where none is near. */
  nearest(path: string): string | null {
    return nearestPath(path, [...new Set(this.#entries.map((entry) => entry.path))]);
  }

  #add(route: Route, path: string): void {
    const { method } = route;
    const same = this.#entries.find((entry) => entry.method === method && entry.path === path);
    if (same !== undefined) {
      same.routes.push(route);
      return;
    }
    const entry: Entry = { method, path, routes: [route] };
    this.#entries.push(entry);
    if (!path.includes(":")) this.#literals.set(path, (this.#literals.get(path) ?? new Set()).add(method));
    this.#register(method, path, (request, context) =>
      choose(entry, keyHeaderOf(request.headers)).respond(request, context, request.params),
    );
  }

  #register(method: Method, path: string, handler: (request: IRequest, context: Context) => unknown): void {
    if (method === "GET") this.#router.get(path, handler);
    else if (method === "POST") this.#router.post(path, handler);
    else if (method === "PUT") this.#router.put(path, handler);
    else this.#router.delete(path, handler);
  }
}

/** Of two vendors' routes the one whose header the call has; else the only one, which asks for its own. */
function choose({ routes }: Entry, keyHeader: ReturnType<typeof keyHeaderOf>): Route {
  const [first] = routes;
  const own = routes.length === 1 ? first : routes.find(({ access }) => access.credential === keyHeader);
  const route = own ?? first;
  if (route === undefined) throw new Error("A path without a route");
  return route;
}

function withoutEnd(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}
