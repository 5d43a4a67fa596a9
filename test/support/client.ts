import { exports } from "cloudflare:workers";
import { Onecall, type OnecallOptions } from "../../src/client/index.ts";
import type { TestApp } from "./api.ts";

/** What becomes of a call on its way: `pass` hands it to the Worker. */
export type Way = (pass: () => Promise<Response>, url: string, init: RequestInit) => Promise<Response>;

/** The typed client of an app, over the Worker itself: its calls go the given ways, one after the other, then free. */
export function clientOf(
  app: Pick<TestApp, "apiKey">,
  ways: readonly Way[] = [],
  options: Partial<OnecallOptions> = {},
): Onecall {
  const left = [...ways];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    const pass = async (): Promise<Response> => exports.default.fetch(url, init);
    const way = left.shift();
    return way === undefined ? pass() : way(pass, url, init);
  };
  return new Onecall({ url: "https://onecall.test", apiKey: app.apiKey, fetch, ...options });
}
