import { constants, crc32, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";

/** zlib's least: half the time of its usual one, for a tenth more bytes. */
const LEVEL = 1;
/** Deflate, no name, no time, of an unknown system (RFC 1952, 2.3). */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** A last block without bytes (RFC 1951, 3.2.3). */
const LAST_BLOCK = [3, 0];
const UINT32_BYTES = 4;

/** Bytes as a gzip file (RFC 1952). Several of these one behind the other are a gzip file too, for most readers. */
export function compress(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: LEVEL });
}

/** The text of such a file, in UTF-8. */
export function decompressText(bytes: Uint8Array): string {
  return new TextDecoder().decode(gunzipSync(bytes));
}

/** What was made gzip as one stream. */
export function decompressStream(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return stream.pipeThrough(new DecompressionStream("gzip"));
}

/**
 * One gzip file of bytes that come in pieces, each compressed by itself: so it costs a third of a stream of the
 * platform's, and every reader takes it, as it is one member.
 */
export class GzipFile {
  #hasBegun = false;
  #checksum = 0;
  #size = 0;

  /** The next bytes of the file. */
  add(piece: Uint8Array): Uint8Array {
    this.#checksum = crc32(piece, this.#checksum);
    this.#size += piece.length;
    // Flushed to a whole byte, and not the last: blocks of several pieces one behind the other are one stream.
    const blocks = deflateRawSync(piece, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
    if (this.#hasBegun) return blocks;
    this.#hasBegun = true;
    const first = new Uint8Array(HEADER.length + blocks.length);
    first.set(HEADER);
    first.set(blocks, HEADER.length);
    return first;
  }

  /** The file's end, where it has begun. */
  end(): Uint8Array {
    const bytes = new Uint8Array(LAST_BLOCK.length + 2 * UINT32_BYTES);
    bytes.set(LAST_BLOCK);
    const view = new DataView(bytes.buffer, LAST_BLOCK.length);
    view.setUint32(0, this.#checksum, true);
    view.setUint32(UINT32_BYTES, this.#size, true);
    return bytes;
  }
}
