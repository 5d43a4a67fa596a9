import { describe, expect, it } from "vitest";
import { ObjectWriter } from "../../src/audiences/object-writer.ts";
import { partitionAudience } from "../../src/audiences/partition.ts";
import { readChunkText, storeAudience } from "../../src/audiences/store.ts";
import { keys } from "../../src/model/keys.ts";
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
      return { writer, object: await writer.finishOnce() };
    };
    const { object: first } = await write("the same");
    expect((await write("the same")).object?.version).toBe(first?.version);
    const other = await write("otherwise compressed");
    expect(other.object).toBeNull();
    const text = async () => new TextDecoder().decode((await readBack("writer/again")) ?? undefined);
    expect(await text()).toBe("the same");
    await other.writer.finish();
    expect(await text()).toBe("otherwise compressed");
  });
});

describe("an audience that an earlier version wrote under the same id", () => {
  const store = (id: string) => {
    const placement = { shardCount: 1, hash: "fnv1a32-fmix32", hashKey: null } as const;
    const rows = [{ userId: "mia", json: '["mia","Mia"]', isFull: true }];
    return storeAudience(bindings, "app", id, partitionAudience(rows, placement), null);
  };
  const TEXT = '[["mia","Mia"]]';

  it("stays where it was finished, as a plan may name it", async () => {
    const etag = (await bucket.put(keys.r2Audience("app", "finished"), TEXT))?.etag;
    const chunks = [{ offset: 0, length: TEXT.length, runs: [{ shard: 0, rows: 1 }] }];
    const index = { version: 1, etag, columns: null, total: 1, duplicates: 0, expected: [[0, 1]], chunks };
    await bucket.put(keys.r2AudienceIndex("app", "finished"), JSON.stringify(index));
    const stored = await store("finished");
    expect(stored).toEqual({ ref: { id: "finished", etag }, index: { ...index, foldsUserIds: false } });
    const [chunk] = stored.index.chunks;
    if (chunk === undefined) throw new Error("It has a chunk");
    expect(await readChunkText(bindings, "app", stored.ref, chunk)).toBe(TEXT);
  });

  it("is replaced where it wasn't: nothing names it", async () => {
    const etag = (await bucket.put(keys.r2Audience("app", "begun"), TEXT))?.etag;
    const { ref, index } = await store("begun");
    expect(ref.etag).not.toBe(etag);
    const [chunk] = index.chunks;
    if (chunk === undefined) throw new Error("It has a chunk");
    expect(await readChunkText(bindings, "app", ref, chunk)).toBe('["mia","Mia"]\n');
  });
});
