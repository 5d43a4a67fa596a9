import type { keyHeaderOf } from "./access.ts";
import { nearestPath } from "./nearest-path.ts";
import type { Method, Route } from "./route.ts";

/** One path of a route. */
interface Entry {
  method: Method;
  path: string;
  pattern: RegExp;
  /** One, or two by the header of their API keys. */
  routes: Route[];
}

/** A route, and what its path's parameters are in a call, as they stand there. */
interface Match {
  route: Route;
  params: Record<string, string>;
}

/** All routes, found by a request's method and path. */
export class RouteTable {
  /** By their paths, where these have no parameters: `…/notifications/send` is no notification's id. */
  readonly #literals = new Map<string, Entry[]>();
  /** The others, in their order. */
  readonly #patterns: Entry[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) for (const path of route.paths) this.#add(route, path);
  }

  /** The route of a call; null where there is none. `keyHeader`: two families may have the same path. */
  find(method: string, path: string, keyHeader: ReturnType<typeof keyHeaderOf>): Match | null {
    const literals = this.#literals.get(withoutEnd(path));
    if (literals !== undefined) {
      const entry = literals.find((candidate) => candidate.method === method);
      return entry === undefined ? null : { route: choose(entry, keyHeader), params: {} };
    }
    for (const entry of this.#patterns) {
      const found = entry.method === method ? entry.pattern.exec(path) : null;
      if (found !== null) return { route: choose(entry, keyHeader), params: { ...found.groups } };
    }
    return null;
  }

  /** The methods that a path takes; empty for a path that there isn't. */
  methodsOf(path: string): string[] {
    const entries =
      this.#literals.get(withoutEnd(path)) ?? this.#patterns.filter(({ pattern }) => pattern.test(path));
    const methods = new Set<string>(entries.map(({ method }) => method));
    if (methods.has("GET")) methods.add("HEAD");
    return [...methods];
  }

  /** The path that a caller may have meant, as a document writes it; null where none is near. */
  nearest(path: string): string | null {
    return nearestPath(path, [...this.#literals.keys(), ...this.#patterns.map((entry) => entry.path)]);
  }

  #add(route: Route, path: string): void {
    const isLiteral = !path.includes(":");
    const entries = isLiteral ? (this.#literals.get(path) ?? []) : this.#patterns;
    if (isLiteral) this.#literals.set(path, entries);
    const same = entries.find((entry) => entry.method === route.method && entry.path === path);
    if (same !== undefined) same.routes.push(route);
    else entries.push({ method: route.method, path, pattern: patternOf(path), routes: [route] });
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

function patternOf(path: string): RegExp {
  const source = path.replaceAll(".", "\\.").replaceAll(/:(\w+)/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}/*$`);
}
