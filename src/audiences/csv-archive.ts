import { GzipFile } from "./gzip.ts";
import { ObjectWriter } from "./object-writer.ts";

const METADATA = { httpMetadata: { contentType: "text/csv", contentEncoding: "gzip" } };
/** Compressed together: the first look costs as much for a few bytes, and what repeats is found within these alone. */
const PIECE_BYTES = 64 * 1024;

/**
 * Keeps a file as it was uploaded, as gzip, while it streams by. Nothing can be read of it before `finish`, and nothing
 * stays after `abort`.
 */
export class CsvArchive {
  readonly #object: ObjectWriter;
  readonly #gzip = new GzipFile();
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;

  constructor(bucket: R2Bucket, key: string) {
    this.#object = new ObjectWriter(bucket, key, METADATA);
  }

  /** The bytes may change once it resolves. Throws where the store doesn't take them. */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const taken = rest.subarray(0, PIECE_BYTES - this.#filled);
      this.#piece.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === PIECE_BYTES) await this.#compressPiece();
    }
  }

  /** Completes the file and lets go of its memory. */
  async finish(): Promise<R2Object> {
    await this.#compressPiece();
    await this.#object.write(this.#gzip.end());
    return this.#object.finish();
  }

  abort(): Promise<void> {
    return this.#object.abort();
  }

  async #compressPiece(): Promise<void> {
    const bytes = this.#gzip.add(this.#piece.subarray(0, this.#filled));
    this.#filled = 0;
    await this.#object.write(bytes);
  }
}
