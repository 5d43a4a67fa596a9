/**
 * A stream's bytes in pieces of a size of ours. One that is iterated gives 4 KB at a time, and each of these costs as
 * much as to read a hundred rows.
 */
export class PieceReader {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #leastBytes: number;
  #buffer: ArrayBuffer;

  /** Pieces have `mostBytes` at most; until there are `leastBytes`, or the end, a piece is waited for. */
  constructor(stream: ReadableStream<Uint8Array>, leastBytes: number, mostBytes: number) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.#leastBytes = leastBytes;
    this.#buffer = new ArrayBuffer(mostBytes);
  }

  /** Valid until the next is asked for; null at the end. */
  async next(): Promise<Uint8Array | null> {
    const { done, value } = await this.#reader.readAtLeast(this.#leastBytes, new Uint8Array(this.#buffer));
    if (value !== undefined) this.#buffer = value.buffer as ArrayBuffer;
    return done || value === undefined || value.length === 0 ? null : value;
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}

/** All of a stream in pieces of so many bytes, the last one apart. */
export async function* readPieces(
  stream: ReadableStream<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  const reader = new PieceReader(stream, bytes, bytes);
  for (let piece = await reader.next(); piece !== null; piece = await reader.next()) yield piece;
}

/**
 * Gives the memory of bytes back at once: what an upload has held waits for the garbage collector else, which comes
 * late where few objects hold much.
 */
export function freeBytes(bytes: Uint8Array): void {
  if (bytes.buffer instanceof ArrayBuffer && !bytes.buffer.detached) bytes.buffer.transfer(0);
}
