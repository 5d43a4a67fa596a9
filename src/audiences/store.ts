import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { keys } from "../keys.ts";
import type { AudienceRef } from "../notifications/model.ts";
import type { Chunk, PartitionedAudience } from "./partition.ts";

const ChunkSchema = v.object({
  offset: v.number(),
  length: v.number(),
  runs: v.array(v.object({ shard: v.number(), rows: v.number() })),
});

const AudienceIndexSchema = v.object({
  version: v.literal(1),
  etag: v.string(),
  total: v.number(),
  duplicates: v.number(),
  expected: v.array(v.tuple([v.number(), v.number()])),
  chunks: v.array(ChunkSchema),
});

/** Where an audience's chunks are, and how many targets each shard gets. */
export type AudienceIndex = v.InferOutput<typeof AudienceIndexSchema>;

/** A row as stored: the user id, then the values of the template's variables in their order. */
export type StoredRow = [userId: string, ...values: unknown[]];

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
  { body, chunks, expected, total, duplicates }: PartitionedAudience,
): Promise<{ ref: AudienceRef; index: AudienceIndex }> {
  const key = keys.r2Audience(appId, audienceId);
  const object =
    (await env.TARGETS.put(key, body, { onlyIf: { etagDoesNotMatch: "*" } })) ??
    (await env.TARGETS.head(key));
  if (object === null) throw new Error("The audience could not be stored");
  const index: AudienceIndex = {
    version: 1,
    etag: object.etag,
    total,
    duplicates,
    expected: [...expected],
    chunks,
  };
  await env.TARGETS.put(keys.r2AudienceIndex(appId, audienceId), JSON.stringify(index));
  return { ref: { id: audienceId, etag: object.etag }, index };
}

/** Throws where the index is gone: then the audience has ended, or the store is unavailable. */
export async function readAudienceIndex(
  env: Bindings,
  appId: string,
  audienceId: string,
): Promise<AudienceIndex> {
  const object = await env.TARGETS.get(keys.r2AudienceIndex(appId, audienceId));
  if (object === null) throw new Error("The audience has no index");
  return v.parse(AudienceIndexSchema, await object.json());
}

/** The rows of one chunk. Throws where the audience isn't the one that the plan was made with. */
export async function readChunk(
  env: Bindings,
  appId: string,
  audience: AudienceRef,
  { offset, length }: Pick<Chunk, "offset" | "length">,
): Promise<StoredRow[]> {
  const object = await env.TARGETS.get(keys.r2Audience(appId, audience.id), {
    range: { offset, length },
    onlyIf: { etagMatches: audience.etag },
  });
  if (object === null || !("body" in object)) throw new Error("The audience is gone or was replaced");
  return v.parse(RowsSchema, JSON.parse(await object.text()));
}

export async function deleteAudiences(env: Bindings, appId: string, audienceIds: string[]): Promise<void> {
  await env.TARGETS.delete(
    audienceIds.flatMap((id) => [keys.r2Audience(appId, id), keys.r2AudienceIndex(appId, id)]),
  );
}
