import { freeBytes } from "./byte-pieces.ts";

const OPTIONS = { httpMetadata: { contentType: "text/csv" } };

/**
 * Keeps a file as it was uploaded while it streams by: a small one in one put at the end, a larger one in
 * parts. Nothing can be read of it before `finish`, and nothing stays after `abort`.
 */
export class CsvArchive {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #parts: R2UploadedPart[] = [];
  #part: Uint8Array;
  #upload: R2MultipartUpload | null = null;
  #filled = 0;

  /** @param bytes what is held of the file: a larger one goes in parts of this size */
  constructor(bucket: R2Bucket, key: string, bytes: number) {
    this.#bucket = bucket;
    this.#key = key;
    // One without room would never be full.
    this.#part = new Uint8Array(Math.max(1, bytes));
  }

  /** The whole file where it is small enough to be still here, else null. */
  get whole(): Uint8Array | null {
    return this.#upload === null ? this.#part.subarray(0, this.#filled) : null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#filled === this.#part.length) await this.#sendPart();
      const taken = rest.subarray(0, this.#part.length - this.#filled);
      this.#part.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
    }
  }

  /** Completes the file and lets go of its memory. */
  async finish(): Promise<R2Object> {
    const object = await this.#complete();
    freeBytes(this.#part);
    return object;
  }

  async abort(): Promise<void> {
    freeBytes(this.#part);
    await this.#upload?.abort();
  }

  async #complete(): Promise<R2Object> {
    if (this.#upload === null) {
      return this.#bucket.put(this.#key, this.#part.subarray(0, this.#filled), OPTIONS);
    }
    if (this.#filled > 0) await this.#sendPart();
    return this.#upload.complete(this.#parts);
  }

  async #sendPart(): Promise<void> {
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key, OPTIONS);
    const part = await this.#upload.uploadPart(this.#parts.length + 1, this.#part.subarray(0, this.#filled));
    this.#parts.push(part);
    this.#filled = 0;
  }
}
