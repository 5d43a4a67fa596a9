import { parseChunk } from "../audiences/store.ts";
import { findEnabledChannels } from "../channels/enabled.ts";
import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { cutRuns, findUnit, type UnitPlace, type UnitRange } from "../model/chunk-units.ts";
import { FREE_TEXT_LENGTH, MAX_ROWS_AT_ONCE, MAX_SEGMENT_LENGTH } from "../model/limits.ts";
import type { StoredRow } from "../model/notification.ts";
import { pause } from "../model/pause.ts";
import type { CarriedReport, SegmentReport } from "../model/report.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import type { ChunkMessage } from "../queues/chunks.ts";
import type { BatchChunks } from "./batch-chunks.ts";
import type { BatchPlans, CompiledPlan } from "./compiled-plans.ts";
import { deliverAsRows, retryInShard, retryRun } from "./deliver.ts";
import { IsolateBudget } from "./isolate-budget.ts";
import { canKeepLines, deliverAsSegments, deliverLines } from "./segments.ts";
import type { DeliveryContext, RawTarget } from "./target.ts";

/** What a message of a deliveries queue stands for, a unit of a batch: its rows, and their way to the shards. */

/** Room for the rows that this isolate has read and not delivered yet. */
const ROWS_TEXT = new IsolateBudget(MAX_ROWS_AT_ONCE, FREE_TEXT_LENGTH);
/** Parsed, a row's values take about as much again as their text. */
const PARSED = 2;

/** Shards of one unit that are called together at most, and rows from which on the next ones wait. */
const SHARDS_AT_ONCE = 16;
const ROWS_AT_ONCE = 500;

/** A shard's rows of a unit, by their position in its chunk. */
interface PlacedRun {
  shard: number;
  rows: number;
  position: number;
}

/** The runs of a unit. */
function listRuns(place: UnitPlace): PlacedRun[] {
  let position = place.from;
  return cutRuns(place).map((run) => {
    const placed = { ...run, position };
    position += run.rows;
    return placed;
  });
}

/** A unit's targets in the audience, read once, when somebody needs them. */
class UnitRows {
  readonly #chunks: BatchChunks;
  readonly #appId: string;
  readonly #plan: CompiledPlan;
  readonly #place: UnitPlace;
  #text: Promise<string> | null = null;
  #rows: StoredRow[] | null = null;

  constructor(chunks: BatchChunks, appId: string, plan: CompiledPlan, place: UnitPlace) {
    this.#chunks = chunks;
    this.#appId = appId;
    this.#plan = plan;
    this.#place = place;
  }

  read(): Promise<string> {
    this.#text ??= this.#chunks.textOf(this.#appId, this.#plan, this.#place.chunk);
    return this.#text;
  }

  async of({ position, rows }: PlacedRun): Promise<RawTarget[]> {
    const { readRow } = this.#plan;
    if (readRow === null) throw new Error("The variables beside a targets file are gone");
    this.#rows ??= parseChunk(await this.read());
    return this.#rows.slice(position, position + rows).map((row): RawTarget => [row[0], readRow(row)]);
  }

  /** The run's lines as the audience has them, where they can be kept so; null where its targets have to be read. */
  async linesOf({ position, rows }: PlacedRun, context: DeliveryContext): Promise<string | null> {
    if (!canKeepLines(context, this.#plan, this.#place.chunk)) return null;
    const text = await this.read();
    const start = findLineStart(text, 0, position);
    const lines = text.slice(start, findLineStart(text, start, rows) - 1);
    // Lines too long for one segment are cut by whoever reads their targets one by one.
    return lines.length > MAX_SEGMENT_LENGTH ? null : lines;
  }
}

/** Where the line begins that comes `count` lines after the one at `start`. */
function findLineStart(text: string, start: number, count: number): number {
  let position = start;
  for (let line = 0; line < count; line++) position = text.indexOf("\n", position) + 1;
  return position;
}

/** A unit whose rows are in memory, but those of a retry. */
export interface ReadUnit {
  compiled: CompiledPlan;
  app: AppRecord;
  runs: readonly PlacedRun[];
  rows: UnitRows;
  /** Null in a message of an earlier version. */
  unit: number | null;
  /** Gives back the room that the rows take. */
  release(): void;
}

/** Reads a unit, so that it can be delivered: `release` is called by whoever delivers it. */
export async function readUnit(
  env: Bindings,
  { plans, chunks }: { plans: BatchPlans; chunks: BatchChunks },
  message: ChunkMessage,
): Promise<ReadUnit> {
  const { appId, notificationId, attempt = 1 } = message;
  const [compiled, app] = await Promise.all([plans.get(appId, notificationId, attempt), getApp(env, appId)]);
  const place = placeOf(message, compiled);
  const { release } = await ROWS_TEXT.reserve(place.chunk.length * PARSED);
  try {
    const rows = new UnitRows(chunks, appId, compiled, place);
    // A retry's targets mostly stand in the shards: they are read here only where they don't.
    if (compiled.retry === null) await rows.read();
    const unit = message.version === 1 ? null : message.unit;
    return { compiled, app, runs: listRuns(place), rows, unit, release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Renders a unit and stores its deliveries: one call and one transaction per shard, mostly. Returns what the shards
 * have of the notification then, where its ledger is to hear it from the caller.
 */
export async function deliverUnit(env: Bindings, read: ReadUnit): Promise<CarriedReport[]> {
  try {
    const context = await contextOf(env, read);
    const reports: CarriedReport[] = [];
    for (const [index, together] of groupRuns(read.runs).entries()) {
      if (index > 0) await pause();
      await Promise.all(
        together.map(async (run) => {
          const report = await deliverRun(env, context, read, run);
          if (report !== null) reports.push({ shard: run.shard, report });
        }),
      );
    }
    return reports;
  } finally {
    read.release();
  }
}

/** Runs that are delivered together: of a few rows several, a large one alone. */
function groupRuns(runs: readonly PlacedRun[]): PlacedRun[][] {
  const groups: PlacedRun[][] = [];
  let group: PlacedRun[] = [];
  let rows = 0;
  for (const run of runs) {
    group.push(run);
    rows += run.rows;
    if (rows < ROWS_AT_ONCE && group.length < SHARDS_AT_ONCE) continue;
    groups.push(group);
    group = [];
    rows = 0;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

async function contextOf(env: Bindings, { app, compiled }: ReadUnit): Promise<DeliveryContext> {
  const { header, template, retry } = compiled;
  const keys = header.channels.map(({ key }) => key);
  return {
    template,
    channels: header.channels,
    enabled: await findEnabledChannels(env, app, keys),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
}

async function deliverRun(
  env: Bindings,
  context: DeliveryContext,
  { compiled, app, rows, unit }: ReadUnit,
  run: PlacedRun,
): Promise<SegmentReport | null> {
  const { header, pushData, expected, retry } = compiled;
  const request = { header, expected: expected.get(run.shard) ?? 0, pushData, target: null };
  const shard = getShardStub(env, app.id, run.shard);
  if (retry !== null) {
    if (unit !== null) {
      const units: UnitRange = [unit, unit + 1];
      const part = { notificationId: header.id, units, count: run.rows };
      if (await retryInShard(shard, context, part, request, retry)) return null;
    }
    await retryRun(shard, context, await rows.of(run), request, retry);
    return null;
  }
  // A message of an earlier version doesn't say which unit it is.
  if (unit === null) {
    await deliverAsRows(shard, context, await rows.of(run), request);
    return null;
  }
  const place = { unit, shard: run.shard, plan: compiled };
  const lines = await rows.linesOf(run, context);
  return lines === null
    ? deliverAsSegments(shard, context, await rows.of(run), request, place)
    : deliverLines(shard, context, lines, request, place);
}

/** Where a message's rows are. One of an earlier version says it itself, and stands for a whole chunk. */
function placeOf(message: ChunkMessage, { chunks, source }: CompiledPlan): UnitPlace {
  if (message.version === 1) return { chunk: message.chunk, from: 0, to: Number.POSITIVE_INFINITY };
  const place = findUnit(chunks, source.cut, message.unit);
  if (place === null) throw new Error("The audience has no such chunk");
  return place;
}
