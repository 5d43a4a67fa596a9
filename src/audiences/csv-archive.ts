import { readPieces } from "./byte-pieces.ts";
import { ObjectWriter } from "./object-writer.ts";

const METADATA = { httpMetadata: { contentType: "text/csv", contentEncoding: "gzip" } };
const PIECE_BYTES = 64 * 1024;

/**
 * Keeps a file as it was uploaded, as gzip, while it streams by. Nothing can be read of it before `finish`, and nothing
 * stays after `abort`.
 */
export class CsvArchive {
  readonly #object: ObjectWriter;
  readonly #compression = new CompressionStream("gzip");
  readonly #writer = this.#compression.writable.getWriter();
  /** All that was compressed is with R2. */
  readonly #drained: Promise<void>;

  constructor(bucket: R2Bucket, key: string) {
    this.#object = new ObjectWriter(bucket, key, METADATA);
    this.#drained = this.#drain();
    // The failure isn't lost: `finish` waits for the same promise, and throws.
    this.#drained.catch(() => {});
  }

  /** The bytes may change once it resolves. Throws where the store doesn't take what came before. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  /** Completes the file and lets go of its memory. */
  async finish(): Promise<R2Object> {
    await Promise.all([this.#writer.close(), this.#drained]);
    return this.#object.finish();
  }

  async abort(): Promise<void> {
    await Promise.allSettled([this.#writer.abort(), this.#drained]);
    await this.#object.abort();
  }

  async #drain(): Promise<void> {
    try {
      for await (const piece of readPieces(this.#compression.readable, PIECE_BYTES)) {
        await this.#object.write(piece);
      }
    } catch (error) {
      // Without this a writer would wait for ever for somebody to read.
      await this.#writer.abort(error).catch(() => {});
      throw error;
    }
  }
}
