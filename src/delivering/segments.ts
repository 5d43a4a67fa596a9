import { MAX_SEGMENT_LENGTH } from "../model/limits.ts";
import type { NotificationHeader } from "../model/notification.ts";
import {
  partName,
  type SegmentOutcome,
  type SegmentTargets,
  SegmentWriter,
  writeLine,
} from "../model/segment.ts";
import type { Remote } from "../objects/kit/remote.ts";
import type { UserShardContract } from "../objects/user-shard/contract.ts";
import { renderContent, surelyFits } from "../templates/render.ts";
import { resolveVariables } from "../templates/variables.ts";
import type { CompiledPlan } from "./compiled-plans.ts";
import { findReachable, renderInCalls, type ShardRequest } from "./deliver.ts";
import type { DeliveryContext, RawTarget, Reachable } from "./target.ts";

/** Which part of a batch a shard's targets are. */
interface RunPlace {
  unit: number;
  shard: number;
  plan: Pick<CompiledPlan, "text" | "shardsWithText">;
}

/**
 * One shard's targets of a chunk, stored once for all of them; rows are for exceptions. These come first: the segment
 * counts the rest.
 */
export async function deliverAsSegments(
  stub: Remote<UserShardContract>,
  context: DeliveryContext,
  targets: readonly RawTarget[],
  request: ShardRequest,
  { unit, shard, plan }: RunPlace,
): Promise<void> {
  const { header, expected, pushData } = request;
  const reachable = await findReachable(stub, context, targets);
  const outcomes = listOutcomes(context);
  for (const { part, exceptions, ...own } of cutIntoParts(
    context,
    unit,
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
    if (own.targets.count === 0) continue;
    const segment = { header, expected, pushData, part, outcomes, targets: own.targets };
    const template = plan.text;
    const isKnown = plan.shardsWithText.has(shard);
    const answer = await stub.deliverSegment({ ...segment, template: isKnown ? null : template });
    if (answer === "needs_template") await stub.deliverSegment({ ...segment, template });
    plan.shardsWithText.add(shard);
  }
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
    this.#writer.add(target[0], line);
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
    // Whoever makes its rows says what is wrong.
    return true;
  }
}

/** True where each failure is told to somebody. */
export function tellsFailures({ webhookEvents = [] }: NotificationHeader): boolean {
  return webhookEvents.includes("delivery.failed");
}
