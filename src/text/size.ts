const encoder = new TextEncoder();

const MAX_CHARACTER_BYTES = 4;
/** Written and never read: asking for the size of what is rendered leaves nothing to be cleared away. */
const scratch = new Uint8Array(64 * 1024 + MAX_CHARACTER_BYTES);

/** True where a text has more than `maxBytes` bytes as UTF-8. */
export function exceedsBytes(text: string, maxBytes: number): boolean {
  // A UTF-16 unit is one to three bytes, so most texts need no encoding.
  if (text.length * 3 <= maxBytes) return false;
  if (text.length > maxBytes) return true;
  if (maxBytes + MAX_CHARACTER_BYTES > scratch.length) return encoder.encode(text).length > maxBytes;
  // Room for one character more: what doesn't fit whole is too long.
  const { read, written } = encoder.encodeInto(text, scratch);
  return read < text.length || written > maxBytes;
}

/** Bytes of a text as UTF-8. */
export function countBytes(text: string): number {
  return encoder.encode(text).length;
}
