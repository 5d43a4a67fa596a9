import * as v from "valibot";
import type { Bindings } from "../env.ts";
import type { ByteRange, Chunk } from "../model/chunks.ts";
import { keys } from "../model/keys.ts";
import type { AudienceRef, StoredRow } from "../model/notification.ts";
import { pause } from "../model/pause.ts";
import type { BuiltAudience } from "./builder.ts";
import { compress, decompressText } from "./gzip.ts";
import { ObjectWriter } from "./object-writer.ts";
import type { Overrides } from "./row-values.ts";

/** What has it is read by no earlier version: its audience's object is compressed. */
const INDEX_VERSION = 2;

const ByteRangeSchema = v.object({ offset: v.number(), length: v.number() });

const ChunkSchema = v.object({
  ...ByteRangeSchema.entries,
  stored: v.optional(ByteRangeSchema),
  runs: v.array(v.object({ shard: v.number(), rows: v.number() })),
  longestFullRow: v.optional(v.number()),
});

const AudienceIndexSchema = v.object({
  version: v.picklist([1, INDEX_VERSION]),
  etag: v.string(),
  /** Of a targets file: what the rows' values are. Null: the values of the plan's variables, in their order. */
  columns: v.nullable(v.array(v.string())),
  /** The rule by which a targets file's user ids were taken: in lower case, or as they are. */
  foldsUserIds: v.optional(v.boolean(), false),
  total: v.number(),
  duplicates: v.number(),
  expected: v.array(v.tuple([v.number(), v.number()])),
  chunks: v.array(ChunkSchema),
});

/** Where an audience's chunks are, and how many targets each shard gets. */
export type AudienceIndex = v.InferOutput<typeof AudienceIndexSchema>;

const RowsSchema = v.custom<StoredRow[]>(
  (rows) => Array.isArray(rows) && rows.every((row) => Array.isArray(row) && typeof row[0] === "string"),
);

/**
 * Writes an audience, then its index: an audience without an index was never finished. Create-only: the same
 * audience again is the same object, whose bytes no plan ever sees change.
 */
export async function storeAudience(
  env: Bindings,
  appId: string,
  audienceId: string,
  audience: BuiltAudience,
  file: Pick<AudienceIndex, "columns" | "foldsUserIds"> | null,
): Promise<{ ref: AudienceRef; index: AudienceIndex }> {
  const { expected, total, duplicates } = audience;
  const { writer, chunks } = await writeChunks(env.TARGETS, keys.r2Audience(appId, audienceId), audience);
  let object = await writer.finishOnce();
  if (object === null) {
    // What has the key was made of the same targets by another version. A plan may name it if it was finished.
    const earlier = await findAudienceIndex(env, appId, audienceId);
    if (earlier !== null) {
      await writer.abort();
      return { ref: { id: audienceId, etag: earlier.etag }, index: earlier };
    }
    object = await writer.finish();
  }
  const index: AudienceIndex = {
    version: INDEX_VERSION,
    etag: object.etag,
    columns: file?.columns ?? null,
    foldsUserIds: file?.foldsUserIds ?? false,
    total,
    duplicates,
    expected: [...expected],
    chunks,
  };
  await env.TARGETS.put(keys.r2AudienceIndex(appId, audienceId), JSON.stringify(index));
  return { ref: { id: audienceId, etag: object.etag }, index };
}

// A gzip file a chunk, so that each can be read alone; together they are one too.
async function writeChunks(
  bucket: R2Bucket,
  key: string,
  audience: BuiltAudience,
): Promise<{ writer: ObjectWriter; chunks: Chunk[] }> {
  const writer = new ObjectWriter(bucket, key);
  const ranges: ByteRange[] = [];
  let offset = 0;
  try {
    for (const text of audience.texts) {
      const bytes = compress(text);
      await writer.write(bytes);
      ranges.push({ offset, length: bytes.length });
      offset += bytes.length;
      await pause();
    }
    return { writer, chunks: audience.chunks.map((chunk, index) => ({ ...chunk, stored: ranges[index] })) };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

const OverridesSchema = v.custom<Overrides>(
  (input) =>
    typeof input === "object" &&
    input !== null &&
    Object.values(input).every((values) => typeof values === "object" && values !== null),
);

/** Throws where the index is gone: then the audience has ended, or the store is unavailable. */
export async function readAudienceIndex(
  env: Bindings,
  appId: string,
  audienceId: string,
): Promise<AudienceIndex> {
  const index = await findAudienceIndex(env, appId, audienceId);
  if (index === null) throw new Error("The audience has no index");
  return index;
}

/** Null where there is none. */
async function findAudienceIndex(
  env: Bindings,
  appId: string,
  audienceId: string,
): Promise<AudienceIndex | null> {
  const object = await env.TARGETS.get(keys.r2AudienceIndex(appId, audienceId));
  return object === null ? null : v.parse(AudienceIndexSchema, await object.json());
}

export type ChunkPlace = Pick<Chunk, "offset" | "length" | "stored">;

/** The rows of one chunk. Throws where the audience isn't the one that the plan was made with. */
export async function readChunk(
  env: Bindings,
  appId: string,
  audience: AudienceRef,
  chunk: ChunkPlace,
): Promise<StoredRow[]> {
  return parseChunk(await readChunkText(env, appId, audience, chunk));
}

/** The text of one chunk, uncompressed: a row a line, as {@link Chunk} says. */
export async function readChunkText(
  env: Bindings,
  appId: string,
  audience: AudienceRef,
  chunk: ChunkPlace,
): Promise<string> {
  return textOfChunk(chunk, await readRange(env, appId, audience, rangeOf(chunk)));
}

/** Where a chunk is in its audience's object. */
export function rangeOf({ stored, offset, length }: ChunkPlace): ByteRange {
  return stored ?? { offset, length };
}

/** What an audience's object has there. Throws where the audience isn't the one that the plan was made with. */
export async function readRange(
  env: Bindings,
  appId: string,
  audience: AudienceRef,
  range: ByteRange,
): Promise<Uint8Array> {
  const object = await env.TARGETS.get(keys.r2Audience(appId, audience.id), {
    range,
    onlyIf: { etagMatches: audience.etag },
  });
  if (object === null || !("body" in object)) throw new Error("The audience is gone or was replaced");
  return object.bytes();
}

/** The text of a chunk, of what stands in its range. */
export function textOfChunk({ stored }: ChunkPlace, bytes: Uint8Array): string {
  return stored === undefined ? new TextDecoder().decode(bytes) : decompressText(bytes);
}

/** The rows of a chunk's text. */
export function parseChunk(text: string): StoredRow[] {
  // A row begins with a user's id: two brackets are the array of an earlier version.
  const json = text.startsWith("[[") ? text : `[${text.trimEnd().replaceAll("\n", ",")}]`;
  return v.parse(RowsSchema, JSON.parse(json));
}

/** Keeps the body's exceptions to a targets file for the consumers. */
export async function storeOverrides(
  env: Bindings,
  appId: string,
  notificationId: string,
  json: string,
): Promise<void> {
  await env.TARGETS.put(keys.r2Overrides(appId, notificationId), json);
}

/** Null where they are gone. */
export async function findOverrides(
  env: Bindings,
  appId: string,
  notificationId: string,
): Promise<Overrides | null> {
  const object = await env.TARGETS.get(keys.r2Overrides(appId, notificationId));
  return object === null ? null : v.parse(OverridesSchema, await object.json());
}

export async function readOverrides(
  env: Bindings,
  appId: string,
  notificationId: string,
): Promise<Overrides> {
  const overrides = await findOverrides(env, appId, notificationId);
  if (overrides === null) throw new Error("The variables beside a targets file are gone");
  return overrides;
}

/**
 * What says who a notification's targets are. Where they are, and what it renders with, stays: it names nobody.
 * `hasAudience`: the audience is the notification's own.
 */
export async function deleteTargets(
  env: Bindings,
  appId: string,
  notificationId: string,
  hasAudience: boolean,
): Promise<void> {
  const audience = hasAudience ? [keys.r2Audience(appId, notificationId)] : [];
  await env.TARGETS.delete([...audience, keys.r2Overrides(appId, notificationId)]);
}

/** The same of targets files that have ended: their rows and their CSVs. */
export async function deleteFiles(
  env: Bindings,
  appId: string,
  audienceIds: readonly string[],
): Promise<void> {
  await env.TARGETS.delete(
    audienceIds.flatMap((id) => [keys.r2Audience(appId, id), keys.r2TargetsFile(appId, id)]),
  );
}

/** An audience and all that was stored beside it under its id. */
export async function deleteAudiences(env: Bindings, appId: string, audienceIds: string[]): Promise<void> {
  await env.TARGETS.delete(
    audienceIds.flatMap((id) => [
      keys.r2Audience(appId, id),
      keys.r2AudienceIndex(appId, id),
      keys.r2Plan(appId, id),
      keys.r2Overrides(appId, id),
    ]),
  );
}
