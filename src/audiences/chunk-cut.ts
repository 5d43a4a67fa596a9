import type { Chunk } from "../model/chunks.ts";
import { MAX_RENDERED_BYTES, UNIT_RENDERED_LENGTH } from "../model/limits.ts";
import type { ChannelRef, ChunkCut } from "../model/notification.ts";
import type { CompiledContent, CompiledTemplate } from "../templates/compile.ts";

/**
 * How an audience's chunks are cut so that a message stands for so much rendered text, about: a chunk is of so many
 * rows, whatever these render to. Undefined where no chunk needs to be. Pure.
 */
export function chooseCut(
  { contents, variables }: CompiledTemplate,
  channels: readonly ChannelRef[],
  chunks: readonly Chunk[],
): ChunkCut | undefined {
  const counts = chunks.map(({ runs }) => runs.reduce((sum, { rows }) => sum + rows, 0));
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, rows) => sum + rows, 0);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const valueLength = length / Math.max(1, total) / Math.max(1, variables.length);
  const rowLength = channels.reduce((sum, { key }) => {
    const content = contents.get(key);
    return sum + (content === undefined ? 0 : estimateLength(content, valueLength));
  }, 1);
  const rows = Math.max(1, Math.floor(UNIT_RENDERED_LENGTH / rowLength));
  return rows >= most ? undefined : { rows, parts: Math.ceil(most / rows) };
}

/** UTF-16 units that one target renders to, where each of its values is about `valueLength` long. */
function estimateLength({ segments }: CompiledContent, valueLength: number): number {
  const length = segments.reduce(
    (sum, segment) => sum + (typeof segment === "string" ? segment.length : valueLength),
    0,
  );
  return Math.min(length, MAX_RENDERED_BYTES);
}
