import { UPLOAD_PART_BYTES } from "../model/limits.ts";
import { freeBytes } from "./byte-pieces.ts";

const FIRST_BYTES = 64 * 1024;

/**
 * Writes an object of R2 whose size isn't known before: a small one in one put at the end, a larger one in parts.
 * Nothing can be read of it before `finish`, and nothing stays after `abort`.
 */
export class ObjectWriter {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #metadata: Pick<R2PutOptions, "httpMetadata">;
  readonly #parts: R2UploadedPart[] = [];
  #upload: R2MultipartUpload | null = null;
  #part = new Uint8Array(FIRST_BYTES);
  #filled = 0;

  constructor(bucket: R2Bucket, key: string, metadata: Pick<R2PutOptions, "httpMetadata"> = {}) {
    this.#bucket = bucket;
    this.#key = key;
    this.#metadata = metadata;
  }

  /** Copies the bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#filled === UPLOAD_PART_BYTES) await this.#sendPart();
      this.#makeRoom(this.#filled + rest.length);
      const taken = rest.subarray(0, this.#part.length - this.#filled);
      this.#part.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
    }
  }

  /** Completes the object and lets go of its memory. */
  async finish(): Promise<R2Object> {
    const object = this.#upload === null ? await this.#put() : await this.#complete(this.#upload);
    freeBytes(this.#part);
    return object;
  }

  /**
   * The same where a repeated call writes the same object again: one that is there stays as it is, so that nobody who
   * refers to it sees it change. Null where it has other bytes: then `finish` replaces it.
   */
  async finishOnce(): Promise<R2Object | null> {
    if (this.#upload !== null) return this.finish();
    const object = await this.#putNew();
    if (object !== null) freeBytes(this.#part);
    return object;
  }

  async abort(): Promise<void> {
    freeBytes(this.#part);
    await this.#upload?.abort();
  }

  #put(): Promise<R2Object> {
    return this.#bucket.put(this.#key, this.#part.subarray(0, this.#filled), this.#metadata);
  }

  /** Null where another object has the key: it has other bytes. */
  async #putNew(): Promise<R2Object | null> {
    const options = { ...this.#metadata, onlyIf: { etagDoesNotMatch: "*" } };
    const object = await this.#bucket.put(this.#key, this.#part.subarray(0, this.#filled), options);
    if (object !== null) return object;
    const earlier = await this.#bucket.head(this.#key);
    // An earlier version may have compressed the same rows to other bytes.
    return earlier?.size === this.#filled ? earlier : null;
  }

  async #complete(upload: R2MultipartUpload): Promise<R2Object> {
    if (this.#filled > 0) await this.#sendPart();
    return upload.complete(this.#parts);
  }

  #makeRoom(bytes: number): void {
    const wanted = Math.min(bytes, UPLOAD_PART_BYTES);
    if (wanted <= this.#part.length) return;
    const length = Math.min(Math.max(wanted, 2 * this.#part.length), UPLOAD_PART_BYTES);
    // The earlier bytes are given back at once.
    this.#part = new Uint8Array(this.#part.buffer.transfer(length));
  }

  async #sendPart(): Promise<void> {
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key, this.#metadata);
    const part = await this.#upload.uploadPart(this.#parts.length + 1, this.#part.subarray(0, this.#filled));
    this.#parts.push(part);
    this.#filled = 0;
  }
}
