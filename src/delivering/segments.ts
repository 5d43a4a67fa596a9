import { MAX_SEGMENT_LENGTH } from "../model/limits.ts";
import type { NotificationHeader } from "../model/notification.ts";
import { type SegmentOutcome, type SegmentTargets, SegmentWriter, writeLine } from "../model/segment.ts";
import { renderContent, surelyFits } from "../templates/render.ts";
import { resolveVariables } from "../templates/variables.ts";
import type { RawTarget } from "./render-calls.ts";
import type { DeliveryContext } from "./target.ts";

/** A part of a run that becomes a segment. */
export interface RunPart {
  /** The same whenever the run is delivered again: it is cut by its targets alone. */
  part: string;
  targets: SegmentTargets;
  /** Those that aren't in it: they get rows of their own. */
  exceptions: RawTarget[];
}

/** What becomes of a target in each channel, where nothing is said of it alone. */
export function listOutcomes({ channels, enabled, isExpired }: DeliveryContext): SegmentOutcome[] {
  return channels.map(({ key: channelKey, type }): SegmentOutcome => {
    if (isExpired) return { channelKey, status: "failed", reason: "expired" };
    if (!enabled.has(channelKey)) return { channelKey, status: "skipped", reason: "channel_disabled" };
    if (type === "push") return { channelKey, status: "skipped", reason: "no_device" };
    return { channelKey, status: "delivered", reason: null };
  });
}

/**
 * Cuts a run's targets into parts that a segment can have, and says who needs rows of an own: whose variables lack, whose
 * content is too large, who can be pushed to. `unit`: the run's place in its audience. Pure.
 */
export function* cutIntoParts(
  context: DeliveryContext,
  unit: number,
  targets: readonly RawTarget[],
  withDevices: ReadonlySet<string> | null,
): Generator<RunPart> {
  let part = new PartWriter();
  let parts = 0;
  for (const target of targets) {
    const [userId, values] = target;
    const line = writeLine(userId, values);
    if (part.isFullWith(line)) {
      yield part.finish(`${unit}.${parts++}`);
      part = new PartWriter();
    }
    const needsRows =
      line.length > MAX_SEGMENT_LENGTH || isException(context, values, withDevices?.has(userId) ?? false);
    part.add(target, line, needsRows);
  }
  yield part.finish(`${unit}.${parts}`);
}

class PartWriter {
  readonly #writer = new SegmentWriter();
  readonly #exceptions: RawTarget[] = [];
  /** Of all lines: who is an exception may change until the run is delivered again, where it is cut mustn't. */
  #length = 0;

  isFullWith(line: string): boolean {
    return this.#length > 0 && this.#length + line.length > MAX_SEGMENT_LENGTH;
  }

  add(target: RawTarget, line: string, needsRows: boolean): void {
    this.#length += line.length + 1;
    if (needsRows) this.#exceptions.push(target);
    else this.#writer.add(target[0], line);
  }

  finish(part: string): RunPart {
    return { part, targets: this.#writer.finish(), exceptions: this.#exceptions };
  }
}

/** True where a target's deliveries aren't what {@link listOutcomes} says of all. */
function isException(
  { template, channels, enabled, isExpired }: DeliveryContext,
  raw: readonly unknown[] | null,
  hasDevice: boolean,
): boolean {
  if (isExpired) return false;
  const live = channels.filter(({ key }) => enabled.has(key));
  if (live.length === 0) return false;
  if (hasDevice && live.some(({ key, type }) => type === "push" && (enabled.get(key) ?? []).length > 0)) {
    return true;
  }
  try {
    const resolved = raw === null ? null : resolveVariables(template.variables, (index) => raw[index]);
    if (resolved !== null && !resolved.ok) return true;
    return live.some(({ key, type }) => {
      if (type === "push") return false;
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

/** True where each failure is told to somebody: then all that fail have rows. */
export function tellsFailures({ webhookEvents = [] }: NotificationHeader): boolean {
  return webhookEvents.includes("delivery.failed");
}
