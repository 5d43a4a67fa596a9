/** A webhook channel's new secret, from the answer that alone has it to the page that shows it: never stored. */
let fresh: { key: string; secret: string } | null = null;

export function showSecret(key: string, secret: string): void {
  fresh = { key, secret };
}

/** The channel's, this once. */
export function takeSecret(key: string): string | null {
  if (fresh?.key !== key) return null;
  const { secret } = fresh;
  fresh = null;
  return secret;
}
