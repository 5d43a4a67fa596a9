import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompressStream, GzipFile } from "../../src/audiences/gzip.ts";

const readStream = async (file: Uint8Array) =>
  new Uint8Array(await new Response(decompressStream(new Blob([file]).stream())).arrayBuffer());

/** The pieces as one file. */
function compressAll(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const gzip = new GzipFile();
  const written = [...pieces.map((piece) => gzip.add(piece)), gzip.end()];
  return new Uint8Array(written.flatMap((bytes) => [...bytes]));
}

describe("a gzip file of pieces", () => {
  it("is what they are one behind the other, for zlib and for the platform's streams", async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 5000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(pieces, async (list) => {
        const all = new Uint8Array(list.flatMap((piece) => [...piece]));
        const file = compressAll(list);
        expect(Buffer.compare(gunzipSync(file), all)).toBe(0);
        expect(Buffer.compare(await readStream(file), all)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("of one empty piece is an empty file", async () => {
    expect(await readStream(compressAll([new Uint8Array()]))).toHaveLength(0);
  });

  it("that was cut short is refused", async () => {
    const file = compressAll([new TextEncoder().encode("user_id\nuser-1\n")]);
    await expect(readStream(file.subarray(0, -1))).rejects.toThrow();
  });
});
