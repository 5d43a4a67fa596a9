import { describe, expect, it } from "vitest";
import { ObjectWriter } from "../../src/audiences/object-writer.ts";
import { UPLOAD_PART_BYTES } from "../../src/model/limits.ts";
import { bindings } from "../support/faults.ts";

const bucket = bindings.TARGETS;

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** In pieces that fit no size of the writer's. */
async function writeAll(writer: ObjectWriter, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 99_991) await writer.write(bytes.subarray(at, at + 99_991));
}

async function readBack(key: string): Promise<Uint8Array | null> {
  return (await (await bucket.get(key))?.bytes()) ?? null;
}

describe("an object of an unknown size", () => {
  it.each([0, 1, 65_537, UPLOAD_PART_BYTES, UPLOAD_PART_BYTES + 1, 2 * UPLOAD_PART_BYTES + 3])(
    "of %d bytes is written as it came",
    async (length) => {
      const key = `writer/${length}`;
      const bytes = randomBytes(length);
      const writer = new ObjectWriter(bucket, key, { httpMetadata: { contentType: "text/csv" } });
      await writeAll(writer, bytes);
      expect(await readBack(key)).toBeNull();
      const object = await writer.finish();
      const stored = await bucket.head(key);
      expect([stored?.size, stored?.etag, stored?.httpMetadata?.contentType]).toEqual([
        length,
        object.etag,
        "text/csv",
      ]);
      expect(Buffer.compare((await readBack(key)) ?? new Uint8Array(1), bytes)).toBe(0);
    },
  );

  it("that is given up leaves nothing", async () => {
    const writer = new ObjectWriter(bucket, "writer/given-up");
    await writeAll(writer, randomBytes(UPLOAD_PART_BYTES + 1));
    await writer.abort();
    expect(await readBack("writer/given-up")).toBeNull();
  });

  it("stays the same object where it is written again", async () => {
    const write = async (text: string) => {
      const writer = new ObjectWriter(bucket, "writer/again");
      await writer.write(new TextEncoder().encode(text));
      return writer.finishOnce();
    };
    const first = await write("the same");
    expect((await write("the same")).version).toBe(first.version);
    // What an earlier version made of the same is replaced: nobody refers to it yet.
    const other = await write("otherwise compressed");
    expect(other.version).not.toBe(first.version);
    expect(new TextDecoder().decode((await readBack("writer/again")) ?? undefined)).toBe(
      "otherwise compressed",
    );
  });
});
