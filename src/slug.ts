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

/** Channel and template keys. */
export const SLUG_PATTERN = /^[a-z0-9](?:[a-z0-9_-]{0,126}[a-z0-9])?$/;
