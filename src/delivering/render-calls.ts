import type { DeliverySlice } from "../model/delivery.ts";
import { CALL_LENGTH, FREE_TEXT_LENGTH, MAX_RENDERED_AT_ONCE } from "../model/limits.ts";
import { IsolateBudget } from "./isolate-budget.ts";
import { type DeliveryContext, decideDeliveries, SliceWriter } from "./target.ts";

/** Beside its content, a row's user, channel and status. */
const ROW_LENGTH = 100;

/** Room for what is rendered in this isolate and not stored yet. */
const RENDERED_TEXT = new IsolateBudget(MAX_RENDERED_AT_ONCE, FREE_TEXT_LENGTH);

/** A target and its raw values; null: without variables. */
export type RawTarget = readonly [userId: string, values: readonly unknown[] | null];

/**
 * Renders targets and hands their delivery rows to `send`, call by call: the next call's are rendered when this one's are
 * stored, so that what is in memory doesn't grow with the targets. Mostly it is one call; at least one, as one without
 * slices says something too. `withDevices`: who of them has any, where that is known.
 */
export async function renderInCalls(
  context: DeliveryContext,
  targets: readonly RawTarget[],
  withDevices: ReadonlySet<string> | null,
  send: (slices: DeliverySlice[]) => Promise<void>,
): Promise<void> {
  const writer = new SliceWriter(context.channels, context.enabled);
  let call: DeliverySlice[] = [];
  let length = 0;
  let calls = 0;
  const take = (slices: readonly DeliverySlice[]): void => {
    call.push(...slices);
    for (const { json } of slices) length += json.length;
  };
  let room = await RENDERED_TEXT.reserve(Math.min(CALL_LENGTH, estimateLength(context, targets.length)));
  try {
    for (const [userId, values] of targets) {
      addTarget(writer, context, userId, values, withDevices?.has(userId) ?? true);
      take(writer.takeFull());
      if (length < CALL_LENGTH / 2) continue;
      room.resize(length);
      await send(call);
      calls++;
      call = [];
      length = 0;
      // Given back before it is asked for again: who holds room never waits for more.
      room.release();
      room = await RENDERED_TEXT.reserve(CALL_LENGTH);
    }
    take(writer.finish());
    room.resize(length);
    if (call.length > 0 || calls === 0) await send(call);
  } finally {
    room.release();
  }
}

function addTarget(
  writer: SliceWriter,
  context: DeliveryContext,
  userId: string,
  values: readonly unknown[] | null,
  mayHaveDevice: boolean,
): void {
  const outcomes = decideDeliveries(context, values, mayHaveDevice);
  for (const [index, channel] of context.channels.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) writer.add(userId, channel, outcome);
  }
}

/** About what so many targets render to: their template's text. */
function estimateLength({ channels, template }: DeliveryContext, targets: number): number {
  const ofOne = channels.reduce((sum, { key }) => {
    return sum + ROW_LENGTH + (template.contents.get(key)?.unsubstituted.length ?? 0);
  }, 0);
  return ofOne * targets;
}
