import ipaddr from "ipaddr.js";

/** Characters of a URL that an app supplies: push services' endpoints have a few hundred. */
const MAX_URL_LENGTH = 2048;

interface UrlRules {
  /** Where this Worker itself answers, such as `https://onecall.example.com`. One that isn't a URL throws. */
  ownOrigins: readonly string[];
  /** Only for tests and trials on one machine. */
  allowLoopback: boolean;
}

/**
 * The guard before every call to a URL that an app supplied: null when it may be called, else what would be
 * right. It must be https on port 443 to a public host, without user, password or fragment, and not this
 * Worker itself. With `allowLoopback`, http and https to `localhost`, 127.0.0.0/8 and `[::1]` on any port
 * pass as well.
 *
 * What is checked is the host that the URL parser makes of the text, which is the one that `fetch` calls:
 * `0x7f.1`, `%6cocalhost` and full-width digits come out as what they mean. A name that *resolves* to a
 * private address can't be seen from a Worker, which has no look at DNS before it connects; and a redirect
 * isn't checked, so calls use `redirect: "manual"`.
 */
export function findUrlFault(text: string, options: UrlRules): string | null {
  if (text.length > MAX_URL_LENGTH) return `must be a URL of at most ${MAX_URL_LENGTH} characters`;
  const url = URL.parse(text);
  if (url === null) return "must be an https URL";
  const host = hostOf(url);
  const isAllowedLoopback = options.allowLoopback && isLoopback(host);
  if (url.protocol !== "https:" && !(isAllowedLoopback && url.protocol === "http:")) {
    return "must be an https URL";
  }
  if (url.username !== "" || url.password !== "") return "must be a URL without a user or password";
  // `hash` is empty for a bare "#" too.
  if (url.href.includes("#")) return "must be a URL without a fragment (#…)";
  // The parser drops a port that is the scheme's own.
  if (url.port !== "" && !isAllowedLoopback) return "must be an https URL on port 443";
  if (!isAllowedLoopback && !isPublicHost(host)) {
    return "must be a URL whose host is public: a domain name or a public IP address";
  }
  if (options.ownOrigins.some((origin) => isSameHost(url, new URL(origin)))) {
    return "must be a URL of another service than this one";
  }
  return null;
}

// `example.com.` is the same host as `example.com`, and another text.
function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, "");
}

// Wider than the same origin: a Worker answers on http and https alike.
function isSameHost(a: URL, b: URL): boolean {
  return hostOf(a) === hostOf(b) && a.port === b.port;
}

function isLoopback(host: string): boolean {
  // Not ipaddr.js's `process`, which makes 127.0.0.1 of ::ffff:127.0.0.1: that is none of the three that are allowed.
  const address = parseAddress(host);
  return address === null ? host === "localhost" : address.range() === "loopback";
}

function isPublicHost(host: string): boolean {
  const address = parseAddress(host);
  return address === null ? isPublicName(host) : isPublicAddress(address);
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

// A name never looks like an address here: the parser turns what ends in a number into IPv4 or refuses it.
function parseAddress(host: string): Address | null {
  const text = host.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(text) ? ipaddr.parse(text) : null;
}

/** All that IANA has given out for global IPv6 unicast. */
const GLOBAL_UNICAST = ipaddr.IPv6.parse("2000::");
const GLOBAL_UNICAST_BITS = 3;

function isPublicAddress(address: Address): boolean {
  const actual = ipaddr.process(address.toString());
  // `unicast` leaves out NAT64, 6to4 and Teredo, whatever address they carry; but to ipaddr.js it is also
  // everything that no list names: ::127.0.0.1 (IPv4-compatible) and the two thirds that nobody was given.
  if (actual.range() !== "unicast") return false;
  return actual.kind() === "ipv4" || actual.match(GLOBAL_UNICAST, GLOBAL_UNICAST_BITS);
}

/**
 * Top-level domains that are none of the public DNS: RFC 6761 (localhost, test, invalid, example), RFC 6762
 * (local), RFC 7686 (onion), RFC 9476 (alt), ICANN's `internal`; and `arpa`, which has home.arpa (RFC 8375)
 * and ipv4only.arpa (RFC 8880), and no services.
 */
const SPECIAL_TOP_LEVELS = new Set([
  "localhost",
  "test",
  "invalid",
  "example",
  "local",
  "onion",
  "alt",
  "internal",
  "arpa",
]);

/** RFC 1035's limit, for the text without the dot at the end. */
const MAX_NAME_LENGTH = 253;
// The URL parser lets empty labels and most signs through (`127.0.0.1..` is a name to it). Underscores occur.
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function isPublicName(name: string): boolean {
  const labels = name.split(".");
  if (labels.length < 2 || name.length > MAX_NAME_LENGTH) return false;
  return labels.every((label) => LABEL.test(label)) && !SPECIAL_TOP_LEVELS.has(labels.at(-1) ?? "");
}
