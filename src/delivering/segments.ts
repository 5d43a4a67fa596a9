import type { Chunk } from "../model/chunks.ts";
import { MAX_SEGMENT_LENGTH } from "../model/limits.ts";
import type { NotificationHeader } from "../model/notification.ts";
import type { SegmentReport } from "../model/report.ts";
import {
  indexTargets,
  partName,
  type SegmentOutcome,
  type SegmentRequest,
  type SegmentTargets,
  SegmentWriter,
  writeLine,
} from "../model/segment.ts";
import type { TemplateText } from "../model/template.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { alwaysFits, renderContent, surelyFits } from "../templates/render.ts";
import { resolveVariables } from "../templates/variables.ts";
import type { CompiledPlan } from "./compiled-plans.ts";
import { findReachable, renderInCalls, type ShardRequest } from "./deliver.ts";
import { type DeliveryContext, listDispatchTypes, type RawTarget, type Reachable } from "./target.ts";

/** Which part of a batch a shard's targets are. */
interface RunPlace {
  unit: number;
  shard: number;
  plan: Pick<CompiledPlan, "text" | "shardsWithText" | "places">;
}

/**
 * One shard's targets of a chunk, stored once for all of them; rows are for exceptions. These come first: the segment
 * counts the rest. Returns what the shard has of the notification then; null where there was nothing to deliver.
 */
export async function deliverAsSegments(
  stub: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: ShardRequest,
  place: RunPlace,
): Promise<SegmentReport | null> {
  const { header, expected, pushData } = request;
  const reachable = await findReachable(stub, context, targets);
  const outcomes = listOutcomes(context);
  let report: SegmentReport | null = null;
  for (const { part, exceptions, targets: own } of cutIntoParts(
    context,
    place.unit,
    targets,
    reachable,
    tellsFailures(header),
  )) {
    if (exceptions.length > 0) {
      await renderInCalls(context, exceptions, reachable, async (slices) => {
        await stub.deliver({ ...request, part, slices });
      });
    }
    // A run without targets, which no audience has.
    if (own.count === 0) continue;
    report = await storeSegment(stub, { header, expected, pushData, part, outcomes, targets: own }, place);
  }
  return report;
}

/**
 * The same of lines of an audience as they are stored, where {@link canKeepLines}: nothing is read of a target but its
 * id.
 */
export async function deliverLines(
  stub: Remote<UserShardContract>,
  context: DeliveryContext,
  lines: string,
  { header, expected, pushData }: ShardRequest,
  place: RunPlace,
): Promise<SegmentReport> {
  const targets = indexTargets(lines, inOrder(place.plan.places));
  const part = partName(place.unit, 0);
  const segment = { header, expected, pushData, part, outcomes: listOutcomes(context), targets };
  return storeSegment(stub, segment, place);
}

/**
 * True where, by what is known of all of a chunk's rows, none of them is an exception: its lines can be stored as they
 * are. Pure.
 */
export function canKeepLines(
  context: DeliveryContext,
  { places, header }: Pick<CompiledPlan, "places" | "header">,
  { longestFullRow }: Pick<Chunk, "longestFullRow">,
): boolean {
  if (places === null || longestFullRow === undefined) return false;
  if (context.isExpired) return !tellsFailures(header);
  if (listDispatchTypes(context).length > 0) return false;
  return context.channels.every(({ key }) => {
    const open = context.enabled.get(key);
    if (open === undefined || open.channel.settles === "outbox") return true;
    const content = context.template.contents.get(key);
    return content !== undefined && alwaysFits(content, longestFullRow);
  });
}

async function storeSegment(
  stub: Remote<UserShardContract>,
  segment: Omit<SegmentRequest, "template">,
  { shard, plan: { text, shardsWithText } }: RunPlace,
): Promise<SegmentReport> {
  const deliver = (template: TemplateText | null) =>
    stub.deliverSegment({ ...segment, template, carriesReport: true });
  let answer = await deliver(shardsWithText.has(shard) ? null : text);
  if (answer === "needs_template") answer = await deliver(text);
  if (answer === "needs_template") throw new Error("The shard was given the template, and asks for it");
  shardsWithText.add(shard);
  return answer;
}

/** Null where they are in the order of the variables anyway. */
function inOrder(places: number[] | null): number[] | null {
  return places?.every((place, index) => place === index + 1) ? null : places;
}

/** A part of a run that becomes a segment. */
export interface RunPart {
  /** The same whenever the run is delivered again: it is cut by its targets alone. */
  part: string;
  /** All of them, in the order of the audience, which nobody needs to read after. */
  targets: SegmentTargets;
  /** Those of them who get rows of their own beside it: what became of them isn't what the segment says. */
  exceptions: RawTarget[];
}

/** What becomes of a target in each channel, where nothing is said of it alone. */
export function listOutcomes({ channels, enabled, isExpired }: DeliveryContext): SegmentOutcome[] {
  return channels.map(({ key: channelKey }): SegmentOutcome => {
    if (isExpired) return { channelKey, status: "failed", reason: "expired" };
    const channel = enabled.get(channelKey)?.channel;
    if (channel === undefined) return { channelKey, status: "skipped", reason: "channel_disabled" };
    if (channel.settles === "outbox") {
      return { channelKey, status: "skipped", reason: channel.address.skipReason };
    }
    return { channelKey, status: "delivered", reason: null };
  });
}

/**
 * Cuts a run's targets into parts that a segment can have, and says who needs rows of an own: whose variables lack,
 * whose content is too large, who has an address that a provider is called for; where `isEachTold` of its failure, all
 * that has expired. `unit`: the run's place in its audience. Pure.
 */
export function* cutIntoParts(
  context: DeliveryContext,
  unit: number,
  targets: readonly RawTarget[],
  reachable: Reachable,
  isEachTold: boolean,
): Generator<RunPart> {
  const isFailedOneByOne = context.isExpired && isEachTold;
  let part = new PartWriter();
  let parts = 0;
  for (const target of targets) {
    const [userId, values] = target;
    const line = writeLine(userId, values);
    if (part.isFullWith(line)) {
      yield part.finish(partName(unit, parts++));
      part = new PartWriter();
    }
    part.add(target, line, isFailedOneByOne || isException(context, userId, values, reachable));
  }
  yield part.finish(partName(unit, parts));
}

class PartWriter {
  readonly #writer = new SegmentWriter();
  readonly #exceptions: RawTarget[] = [];

  isFullWith(line: string): boolean {
    return this.#writer.length > 0 && this.#writer.length + line.length > MAX_SEGMENT_LENGTH;
  }

  add(target: RawTarget, line: string, needsRows: boolean): void {
    this.#writer.add(line);
    if (needsRows) this.#exceptions.push(target);
  }

  finish(part: string): RunPart {
    return { part, targets: this.#writer.finish(), exceptions: this.#exceptions };
  }
}

/** True where a target's deliveries aren't what {@link listOutcomes} says of all. */
function isException(
  { template, channels, enabled, isExpired }: DeliveryContext,
  userId: string,
  raw: readonly unknown[] | null,
  reachable: Reachable,
): boolean {
  if (isExpired) return false;
  const live = channels.filter(({ key }) => enabled.has(key));
  if (live.length === 0) return false;
  // It has only types in which one of the channels calls a provider: whoever is in it may be sent something.
  for (const users of reachable.values()) if (users.has(userId)) return true;
  try {
    const resolved = raw === null ? null : resolveVariables(template.variables, (index) => raw[index]);
    if (resolved !== null && !resolved.ok) return true;
    return live.some(({ key }) => {
      if (enabled.get(key)?.channel.settles === "outbox") return false;
      const content = template.contents.get(key);
      if (content === undefined) return true;
      if (resolved === null || surelyFits(content, resolved.values)) return false;
      return renderContent(content, resolved.values) === null;
    });
  } catch {
    // It gets rows of its own, and what makes those tells what is wrong with it.
    return true;
  }
}

/** True where each failure is told to somebody. */
function tellsFailures({ webhookEvents = [] }: NotificationHeader): boolean {
  return webhookEvents.includes("delivery.failed");
}
