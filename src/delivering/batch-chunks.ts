import { type ChunkPlace, rangeOf, readRange, textOfChunk } from "../audiences/store.ts";
import type { Bindings } from "../env.ts";
import { findUnit } from "../model/chunk-units.ts";
import type { ByteRange } from "../model/chunks.ts";
import type { ChunkMessage } from "../queues/chunks.ts";
import type { CompiledPlan } from "./compiled-plans.ts";

/** Bytes of chunks that are read together: what isn't compressed is of up to half of it. */
const BYTES_AT_ONCE = 1024 * 1024;

/** A range of an audience's object that is read by one call. */
interface Read {
  range: ByteRange;
  bytes: Promise<Uint8Array> | null;
}

/**
 * The chunks of one queue batch. A ledger hands out units that follow each other, so two chunks of a batch mostly lie
 * one behind the other in their audience: they are read by one call of R2, which costs more than their bytes do.
 */
export class BatchChunks {
  readonly #env: Bindings;
  readonly #messages: readonly ChunkMessage[];
  /** By notification: its chunks of this batch, as they are read. */
  readonly #reads = new Map<string, Read[]>();

  constructor(env: Bindings, messages: readonly ChunkMessage[]) {
    this.#env = env;
    this.#messages = messages;
  }

  /** The text of a chunk. Throws where the audience isn't the one that the plan was made with. */
  async textOf(appId: string, plan: CompiledPlan, chunk: ChunkPlace): Promise<string> {
    const range = rangeOf(chunk);
    const read = this.#readsOf(appId, plan).find((candidate) => contains(candidate.range, range)) ?? {
      range,
      bytes: null,
    };
    read.bytes ??= readRange(this.#env, appId, plan.source.audience, read.range);
    const start = range.offset - read.range.offset;
    return textOfChunk(chunk, (await read.bytes).subarray(start, start + range.length));
  }

  #readsOf(appId: string, plan: CompiledPlan): readonly Read[] {
    const key = `${appId}:${plan.header.id}`;
    let reads = this.#reads.get(key);
    if (reads === undefined) {
      reads = joinRanges(this.#listRanges(appId, plan)).map((range) => ({ range, bytes: null }));
      this.#reads.set(key, reads);
    }
    return reads;
  }

  #listRanges(appId: string, { header, chunks, source }: CompiledPlan): ByteRange[] {
    return this.#messages.flatMap((message) => {
      if (message.version === 1 || message.appId !== appId || message.notificationId !== header.id) return [];
      const place = findUnit(chunks, source.cut, message.unit);
      return place === null ? [] : [rangeOf(place.chunk)];
    });
  }
}

/** Those that follow each other are one, up to a size; parts of one chunk are of the same. */
function joinRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const { offset, length } of ranges.toSorted((one, other) => one.offset - other.offset)) {
    const last = joined.at(-1);
    if (last === undefined || last.offset + last.length < offset) joined.push({ offset, length });
    else if (contains(last, { offset, length })) continue;
    else if (last.length + length > BYTES_AT_ONCE) joined.push({ offset, length });
    else last.length += length;
  }
  return joined;
}

function contains(outer: ByteRange, inner: ByteRange): boolean {
  return outer.offset <= inner.offset && inner.offset + inner.length <= outer.offset + outer.length;
}
