const encoder = new TextEncoder();

/** True where a text has more than `maxBytes` bytes as UTF-8. */
export function exceedsBytes(text: string, maxBytes: number): boolean {
  // A UTF-16 unit is one to three bytes, so most texts need no encoding.
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || encoder.encode(text).length > maxBytes;
}

/** Bytes of a text as UTF-8. */
export function countBytes(text: string): number {
  return encoder.encode(text).length;
}
