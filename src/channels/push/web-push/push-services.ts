/** The push services of browsers: Chrome and others on Google's, Firefox, Safari, Edge. With their subdomains. */
const KNOWN_SERVICES = [
  "fcm.googleapis.com",
  "android.googleapis.com",
  "push.services.mozilla.com",
  "push.apple.com",
  "notify.windows.com",
];

/**
 * True where a Web Push endpoint is one that a channel sends to: of a known service, or of a host that the channel
 * allows, with its subdomains. Endpoints are of users' choice: any other host would be one that makes senders wait.
 */
export function isAllowedService(
  endpoint: string,
  allowedHosts: readonly string[],
  allowLoopback: boolean,
): boolean {
  const { hostname } = new URL(endpoint);
  if (allowLoopback && isLoopback(hostname)) return true;
  return isKnownService(endpoint) || allowedHosts.some((host) => isWithin(hostname, host));
}

/** True for the services of the browsers themselves. */
export function isKnownService(endpoint: string): boolean {
  const { hostname, protocol } = new URL(endpoint);
  return protocol === "https:" && KNOWN_SERVICES.some((host) => isWithin(hostname, host));
}

function isWithin(hostname: string, host: string): boolean {
  return hostname === host || hostname.endsWith(`.${host}`);
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\./.test(hostname)
  );
}
