import { gunzipSync } from "node:zlib";

const GZIP = [0x1f, 0x8b];

/** The text of an object of R2, read as whoever has the bucket can read it: gzip or not. Null where there is none. */
export async function readStoredText(bucket: R2Bucket, key: string): Promise<string | null> {
  const object = await bucket.get(key);
  if (object === null) return null;
  const bytes = await object.bytes();
  const isGzip = GZIP.every((byte, index) => bytes[index] === byte);
  return new TextDecoder().decode(isGzip ? gunzipSync(bytes) : bytes);
}

/** A bucket in which audiences are stored as earlier versions stored them: as they are. */
export function uncompressedBucket(bucket: R2Bucket): R2Bucket {
  const put = (key: string, value: string | Uint8Array, options?: R2PutOptions) => {
    if (typeof value !== "string") return bucket.put(key, gunzipSync(value), options);
    if (!key.endsWith(".index")) return bucket.put(key, value, options);
    const index: { chunks: { stored: unknown }[] } = JSON.parse(value);
    const chunks = index.chunks.map(({ stored: _, ...chunk }) => chunk);
    return bucket.put(key, JSON.stringify({ ...index, version: 1, chunks }), options);
  };
  return new Proxy(bucket, {
    get: (target, name) => (name === "put" ? put : Reflect.get(target, name).bind(target)),
  });
}
