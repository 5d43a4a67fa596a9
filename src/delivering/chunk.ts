import { readChunk } from "../audiences/store.ts";
import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { cutRuns, findUnit, type UnitPlace } from "../model/chunk-units.ts";
import type { DeliverRequest } from "../model/delivery.ts";
import { FREE_TEXT_LENGTH, MAX_ROWS_AT_ONCE } from "../model/limits.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";
import type { ChunkMessage } from "../queues/chunks.ts";
import type { BatchPlans, CompiledPlan } from "./compiled-plans.ts";
import { IsolateBudget } from "./isolate-budget.ts";
import type { RawTarget } from "./render-calls.ts";
import { canPush, deliverRun, findEnabledChannels, retryRun } from "./rows.ts";
import { cutIntoParts, listOutcomes, tellsFailures } from "./segments.ts";
import type { DeliveryContext } from "./target.ts";

/** Room for the rows that this isolate has read and not delivered yet. */
const ROWS_TEXT = new IsolateBudget(MAX_ROWS_AT_ONCE, FREE_TEXT_LENGTH);
/** Parsed, a row's values take about as much again as their text. */
const PARSED = 2;

/** Renders a chunk, or a part of one, and stores its deliveries. */
export async function deliverChunk(env: Bindings, plans: BatchPlans, message: ChunkMessage): Promise<void> {
  const { appId, notificationId, attempt = 1 } = message;
  const [compiled, app] = await Promise.all([plans.get(appId, notificationId, attempt), getApp(env, appId)]);
  const place = placeOf(message, compiled);
  const room = await ROWS_TEXT.reserve(place.chunk.length * PARSED);
  try {
    await deliverPlace(env, app, compiled, place, message.version === 1 ? null : message.unit);
  } finally {
    room.release();
  }
}

/** One call and one transaction per shard, mostly. */
async function deliverPlace(
  env: Bindings,
  app: AppRecord,
  compiled: CompiledPlan,
  place: UnitPlace,
  unit: number | null,
): Promise<void> {
  const { header, template, source, readRow, pushData, expected, retry } = compiled;
  const appId = app.id;
  const rows = await readChunk(env, appId, source.audience, place.chunk);
  const context: DeliveryContext = {
    template,
    channels: header.channels,
    enabled: await findEnabledChannels(env, app, header),
    isExpired: Date.now() >= (retry ?? header).expiresAt,
  };
  const calls: Promise<unknown>[] = [];
  let position = place.from;
  for (const run of cutRuns(place)) {
    const targets = rows
      .slice(position, position + run.rows)
      .map((row): [string, unknown[] | null] => [row[0], readRow(row)]);
    position += run.rows;
    const request = { header, expected: expected.get(run.shard) ?? 0, pushData, target: null };
    const shard = getShardStub(env, appId, run.shard);
    if (retry !== null) calls.push(retryRun(shard, context, targets, request, retry));
    // A message of an earlier version doesn't say which unit it is.
    else if (unit === null) calls.push(deliverAsRows(shard, context, targets, request));
    else calls.push(deliverAsSegments(shard, context, targets, request, { unit, run, compiled }));
  }
  await Promise.all(calls);
}

/** Where a message's rows are. One of an earlier version says it itself, and stands for a whole chunk. */
function placeOf(message: ChunkMessage, { chunks, source }: CompiledPlan): UnitPlace {
  if (message.version === 1) return { chunk: message.chunk, from: 0, to: Number.POSITIVE_INFINITY };
  const place = findUnit(chunks, source.cut, message.unit);
  if (place === null) throw new Error("The audience has no such chunk");
  return place;
}

/** Which part of a batch a shard's targets are. */
interface RunPlace {
  unit: number;
  run: { shard: number };
  compiled: CompiledPlan;
}

/**
 * One shard's targets, stored once for all of them; rows are for exceptions. These come first: the segment counts the
 * rest.
 */
async function deliverAsSegments(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: Omit<DeliverRequest, "slices">,
  { unit, run, compiled }: RunPlace,
): Promise<void> {
  const { header, expected, pushData } = request;
  if (context.isExpired && tellsFailures(header)) return deliverAsRows(shard, context, targets, request);
  const withDevices = await findOwners(shard, context, targets);
  const outcomes = listOutcomes(context);
  for (const { part, exceptions, ...own } of cutIntoParts(context, unit, targets, withDevices)) {
    if (exceptions.length > 0) {
      await deliverRun(shard, context, exceptions, { ...request, part }, { withDevices });
    }
    if (own.targets.count === 0) continue;
    const segment = { header, expected, pushData, part, outcomes, targets: own.targets };
    const template = compiled.text;
    const isKnown = compiled.shardsWithText.has(run.shard);
    const answer = await shard.deliverSegment({ ...segment, template: isKnown ? null : template });
    if (answer === "needs_template") await shard.deliverSegment({ ...segment, template });
    compiled.shardsWithText.add(run.shard);
  }
}

/** One shard's targets with a row for each and channel. Who has no device isn't rendered for. */
async function deliverAsRows(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: Omit<DeliverRequest, "slices">,
): Promise<void> {
  await deliverRun(shard, context, targets, request, {
    withDevices: await findOwners(shard, context, targets),
  });
}

/** Who of the targets has a device: one question for all of them. Null where nothing can be pushed. */
async function findOwners(
  shard: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
): Promise<ReadonlySet<string> | null> {
  return canPush(context)
    ? new Set(await shard.listUsersWithDevices(targets.map(([userId]) => userId)))
    : null;
}
