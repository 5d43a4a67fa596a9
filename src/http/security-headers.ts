/**
 * What every answer says to a browser that shows it, against its will or the operator's: it is no page, runs
 * nothing, is what its type says and nothing else, and tells nobody where it was found.
 */
const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  // Checked where an answer is embedded; a `fetch` with CORS isn't.
  "cross-origin-resource-policy": "same-origin",
  // All that there is belongs to somebody.
  "cache-control": "no-store",
};

/** A year, as RFC 6797's examples have it. Of subdomains the operator decides. */
const STRICT_TRANSPORT = "max-age=31536000";

/** Sets what the answer doesn't say itself. Over http there is no HSTS: a browser would ignore it. */
export function setSecurityHeaders(headers: Headers, { protocol }: URL): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (protocol === "https:") headers.set("strict-transport-security", STRICT_TRANSPORT);
}
