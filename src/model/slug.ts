/**
 * The key of a name: lower-case letters, digits and single hyphens. `Order Confirmation` becomes
 * `order-confirmation`. Empty where the name has neither letters nor digits of ASCII.
 */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

/** Routes below `/channels`, and the form of ids: no key may be taken for one of them. */
export function isReservedKey(key: string): boolean {
  return key === "availability" || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key);
}

/** Channel and template keys. */
export const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9_-]{0,126}[a-z0-9])?$/;
