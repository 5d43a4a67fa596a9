import { joinPieces } from "./builder.ts";

/** Where a text stops being UTF-8. Pure. */

const LINE_FEED = 0x0a;

/** Line breaks in `bytes` before what isn't UTF-8; `before`: up to three bytes that came before them. */
export function countBreaksBeforeFault(before: Uint8Array, bytes: Uint8Array): number {
  // Bytes of a character that began earlier: it was whole.
  const start = before.findIndex((byte) => (byte & 0xc0) !== 0x80);
  const all = joinBytes(start < 0 ? new Uint8Array() : before.subarray(start), bytes);
  let breaks = -all.subarray(0, all.length - bytes.length).filter((byte) => byte === LINE_FEED).length;
  let lineStart = 0;
  for (let end = all.indexOf(LINE_FEED); end >= 0; end = all.indexOf(LINE_FEED, lineStart)) {
    if (!isUtf8(all.subarray(lineStart, end))) break;
    breaks++;
    lineStart = end + 1;
  }
  return breaks;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  return joinPieces({ pieces: [first, second], length: first.length + second.length });
}
