/** An http or https URL as it may stand in a link; null for `javascript:` and whatever else isn't one. */
export function toLink(value: unknown, base: string): string | null {
  if (typeof value !== "string" || value.trim() === "") return null;
  const text = value.trim();
  // Of a path it is the page's own site that is meant.
  if (!/^(https?:\/\/|\/(?![/\\]))/i.test(text) || !URL.canParse(text, base)) return null;
  const { protocol, href } = new URL(text, base);
  return protocol === "https:" || protocol === "http:" ? href : null;
}
