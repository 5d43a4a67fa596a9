import { exports } from "cloudflare:workers";
import { readAnswer } from "./answers.ts";
import { ADMIN_TOKEN, type Answer } from "./api.ts";

const ORIGIN = "https://onecall.test";
/** What a browser says of a call that a page of the same origin makes. */
export const OWN_PAGE = { "sec-fetch-site": "same-origin" };

interface PageCall {
  body?: unknown;
  headers?: Record<string, string>;
  origin?: string;
}

/** A call as a page makes it, with what a browser adds by itself. */
export async function callFromPage(
  method: string,
  path: string,
  { body, headers = OWN_PAGE, origin = ORIGIN }: PageCall = {},
): Promise<Answer> {
  const given: Record<string, string> = {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  };
  const response = await exports.default.fetch(`${origin}${path}`, {
    method,
    headers: given,
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await readAnswer({ method, path, headers: given }, response);
  const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** What a page of the operator sends with each call. */
export async function operatorHeaders(): Promise<Record<string, string>> {
  return { ...OWN_PAGE, cookie: (await signIn({ token: ADMIN_TOKEN })).cookie };
}

let addresses = 0;

/** Signs in from an address of its own; returns the cookie as a browser sends it back. */
export async function signIn(credential: object): Promise<{ cookie: string; answer: Answer }> {
  const headers = { ...OWN_PAGE, "cf-connecting-ip": `203.0.113.${++addresses % 250}` };
  const answer = await callFromPage("POST", "/dashboard/session", { body: credential, headers });
  const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { cookie, answer };
}

/** A page's call with this cookie. */
export const as = (cookie: string, more: Record<string, string> = {}) => ({
  headers: { ...OWN_PAGE, cookie, ...more },
});
