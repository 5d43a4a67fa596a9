/** R2 takes parts of at least 5 MiB but the last (developers.cloudflare.com/r2/objects/multipart-objects). */
const PART_BYTES = 5 * 1024 * 1024;

/**
 * Keeps a file as it was uploaded while it streams by: a small one in one put at the end, a larger one in
 * parts. Nothing can be read of it before `finish`, and nothing stays after `abort`.
 */
export class CsvArchive {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #part = new Uint8Array(PART_BYTES);
  readonly #parts: R2UploadedPart[] = [];
  #upload: R2MultipartUpload | null = null;
  #filled = 0;

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      const taken = rest.subarray(0, PART_BYTES - this.#filled);
      this.#part.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === PART_BYTES) await this.#sendPart();
    }
  }

  async finish(): Promise<void> {
    if (this.#upload === null) {
      await this.#bucket.put(this.#key, this.#part.subarray(0, this.#filled), {
        httpMetadata: { contentType: "text/csv" },
      });
      return;
    }
    if (this.#filled > 0) await this.#sendPart();
    await this.#upload.complete(this.#parts);
  }

  async abort(): Promise<void> {
    await this.#upload?.abort();
  }

  async #sendPart(): Promise<void> {
    this.#upload ??= await this.#bucket.createMultipartUpload(this.#key, {
      httpMetadata: { contentType: "text/csv" },
    });
    const part = await this.#upload.uploadPart(this.#parts.length + 1, this.#part.subarray(0, this.#filled));
    this.#parts.push(part);
    this.#filled = 0;
  }
}
