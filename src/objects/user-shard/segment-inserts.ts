import { addToTotals, emptyTotals, sumOf, type Totals } from "../../model/counts.ts";
import type { DeliverRequest, DeliverySlice, DeliveryTally } from "../../model/delivery.ts";
import type { DeliveryStatus, NotificationHeader } from "../../model/notification.ts";
import {
  blankLine,
  findLine,
  listUsers,
  type SegmentRequest,
  type SegmentTargets,
} from "../../model/segment.ts";
import { countRowsOf } from "./count-rows.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { SegmentStore } from "./segment-store.ts";
import type { Tombstones } from "./tombstones.ts";

/** A row of a slice's JSON. */
type SliceRow = [
  userId: string,
  channelKey: string,
  channelType: string,
  status: DeliveryStatus,
  reason: string | null,
  content: string | null,
];

/**
 * Stores segments and counts them: each of the targets by the segment's outcome, but for who has a row of an own in
 * that channel, which was counted when it was written. The same segment again changes nothing. Expects to run inside
 * a transaction.
 */
export class SegmentInserts {
  readonly #sql: SqlStorage;
  readonly #segments: SegmentStore;
  readonly #deliveries: DeliveryStore;
  readonly #tombstones: Tombstones;

  constructor(sql: SqlStorage, segments: SegmentStore, deliveries: DeliveryStore, tombstones: Tombstones) {
    this.#sql = sql;
    this.#segments = segments;
    this.#deliveries = deliveries;
    this.#tombstones = tombstones;
  }

  /**
   * A batch's rows that come without a part, as an earlier version sends them, without those of targets that stand in a
   * segment: two versions may meet in a deploy.
   */
  leaveOut(request: DeliverRequest): DeliverRequest {
    const { header, slices, part = null } = request;
    if (part !== null || header.mode !== "batch" || this.#segments.listHeads(header.id).length === 0) {
      return request;
    }
    return { ...request, slices: slices.flatMap((slice) => this.#leaveOutOf(header.id, slice)) };
  }

  #leaveOutOf(notificationId: string, slice: DeliverySlice): DeliverySlice[] {
    const rows: SliceRow[] = JSON.parse(slice.json);
    const known = this.#segments.findTargets(
      notificationId,
      rows.map(([userId]) => userId),
    );
    if (known.size === 0) return [slice];
    const left = rows.filter(([userId]) => !known.has(userId));
    if (left.length === 0) return [];
    const tallies = left.map(
      ([, channelKey, , status, reason]): DeliveryTally => [channelKey, status, reason, 1],
    );
    return [{ ...slice, json: JSON.stringify(left), rows: left.length, tallies }];
  }

  /** False where the template that the texts are made with isn't here: then nothing was stored. */
  insert(request: SegmentRequest, now: number): boolean {
    const { header, part, outcomes, pushData, template, carriesReport = false } = request;
    const stored = this.#deliveries.getNotification(header.id);
    if (stored !== null && this.#segments.has(header.id, part)) return true;
    if (template !== null) this.#segments.putTemplate(header, template);
    else if (!this.#segments.hasTemplate(header)) return false;
    const added = emptyTotals(header.channels);
    const targets = this.#withoutGone(request, added, now);
    const owned = this.#countOwned(header, stored?.totals ?? null, added, targets);
    const counted = outcomes.map((outcome) => {
      const count = targets.count - (owned.get(outcome.channelKey) ?? 0);
      addToTotals(added, outcome.channelKey, outcome.status, outcome.reason, count, now);
      return { ...outcome, count };
    });
    this.#segments.insert(header.id, part, { outcomes: counted, targets }, now);
    this.#deliveries.addCounts({ header, pushData, target: null }, added, carriesReport);
    return true;
  }

  /** Who was deleted since the notification was accepted is skipped, and nothing of theirs is kept. */
  #withoutGone({ header, targets }: SegmentRequest, added: Totals, now: number): SegmentTargets {
    if (!this.#tombstones.mayConcern(header.id)) return targets;
    const gone = this.#tombstones.listGone(listUsers(targets), header.id);
    if (gone.length === 0) return targets;
    this.#deliveries.insertGone(header, gone, added, now);
    let { lines } = targets;
    for (const userId of gone) {
      const place = findLine({ ...targets, lines }, userId);
      if (place !== null) lines = blankLine(lines, userId, place);
    }
    return { ...targets, lines };
  }

  /** How many of the targets have a row of their own, by channel; mostly nobody has any, and it costs nothing. */
  #countOwned(
    header: NotificationHeader,
    totals: Totals | null,
    added: Totals,
    targets: SegmentTargets,
  ): ReadonlyMap<string, number> {
    const isNew = added.every((channel) => sumOf(channel) === 0);
    if (isNew && (totals === null || !this.#hasRows(header.id, totals))) return new Map();
    return countRowsOf(this.#sql, header.id, listUsers(targets));
  }

  /** True where more was counted of the notification than by its segments. */
  #hasRows(notificationId: string, totals: Totals): boolean {
    const bySegments = new Map<string, number>();
    for (const { outcomes } of this.#segments.listHeads(notificationId)) {
      for (const { channelKey, count } of outcomes) {
        bySegments.set(channelKey, (bySegments.get(channelKey) ?? 0) + count);
      }
    }
    return totals.some((channel) => sumOf(channel) > (bySegments.get(channel.channelKey) ?? 0));
  }
}
