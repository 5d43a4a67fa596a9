/**
 * The cookie that a signed-in browser has. Over https its name says to the browser that no other host may set it
 * (RFC 6265bis, `__Host-`); on this machine, over http, it is another one for each port, as cookies don't tell ports
 * apart. Elsewhere over http there is none.
 */
export function sessionCookieName({ protocol, hostname, port }: URL): string | null {
  if (protocol === "https:") return "__Host-onecall";
  return isLoopback(hostname) ? `onecall-local-${port || "80"}` : null;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** The session as the browser sent it; null where it didn't, or where it can't have one. */
export function readSessionCookie(request: Request, url: URL): string | null {
  const name = sessionCookieName(url);
  if (name === null) return null;
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}

/** The header that gives a browser its session until then, Unix ms; an empty one takes it away. */
export function setSessionCookie(url: URL, value: string, expiresAt = 0): string {
  const name = sessionCookieName(url);
  if (name === null) throw new Error("There is no session over http");
  const secure = url.protocol === "https:" ? "; Secure" : "";
  const age = Math.max(0, Math.ceil((expiresAt - Date.now()) / 1000));
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
}

/**
 * Whether a page of this service made the call: what the browser says of it, which no page can change, and in a browser
 * that says nothing the exact origin. A cookie counts with such calls only.
 */
export function isSameOrigin(request: Request, url: URL): boolean {
  const site = request.headers.get("sec-fetch-site");
  return site === null ? request.headers.get("origin") === url.origin : site === "same-origin";
}
