import { ROUTES } from "../../src/api/routes.ts";
import type { Route } from "../../src/http/route.ts";
import type { TestApp } from "./api.ts";

/** One path of a declared route, as tests go through them. */
export interface RouteCase {
  method: Route["method"];
  /** With its parameters: `/users/:uid`. */
  pattern: string;
  route: Route;
}

export function casesOf(routes: readonly Route[]): RouteCase[] {
  return routes.flatMap((route) => route.paths.map((pattern) => ({ method: route.method, pattern, route })));
}

/** Every path of every route. */
export const ROUTE_CASES = casesOf(ROUTES);

/** For tests that aren't of sockets: their answers can't be read. */
export const ANSWERING_CASES = ROUTE_CASES.filter(({ route }) => route.access.credential !== "socket");

/** For `it.each`: a name, then the case. */
export function namedCases(cases: readonly RouteCase[]): [name: string, routeCase: RouteCase][] {
  return cases.map((one) => [`${one.method} ${one.pattern} (${one.route.id})`, one]);
}

/** An app's API key in the header that the route reads; other routes have both, and read neither. */
export function keyHeadersOf({ route }: RouteCase, { id, apiKey }: TestApp): Record<string, string> {
  const { credential } = route.access;
  if (credential === "apikey") return { appid: id, apikey: apiKey };
  if (credential === "api-token") return { "api-token": apiKey };
  return { appid: id, apikey: apiKey, "api-token": apiKey };
}
