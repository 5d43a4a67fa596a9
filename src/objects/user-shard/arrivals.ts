import { LOOK_SEGMENTS } from "../../model/limits.ts";
import type { FailureReason, NotificationHeader } from "../../model/notification.ts";
import { hashUserId, listUsers, readLine, type SegmentOutcome } from "../../model/segment.ts";
import { type CompiledTemplate, compileTemplate } from "../../templates/compile.ts";
import { renderContent } from "../../templates/render.ts";
import { resolveVariables } from "../../templates/variables.ts";
import type { ArrivedKey, ArrivedRow, DeliveryRows } from "./delivery-rows.ts";
import type { Looks } from "./looks.ts";
import type { NotificationStore } from "./notification-store.ts";
import type { SegmentLines, UserLine } from "./segment-lines.ts";
import { keyOf, type SegmentHit, type SegmentStore } from "./segment-store.ts";
import type { Tombstones } from "./tombstones.ts";

/** The stores that a user's look at new segments reads and writes. */
interface LookedAt {
  looks: Looks;
  segments: SegmentStore;
  segmentLines: SegmentLines;
  notifications: NotificationStore;
  rows: DeliveryRows;
  tombstones: Tombstones;
}

/** A look at so many segments is written down, even where none of them was for its user. */
const SEGMENTS_WORTH_A_ROW = 256;
/** Compiled templates that are kept. */
const MAX_COMPILED = 20;
/**
 * Makes rows of a user's own of what stands in segments, when somebody looks: all of a user's segments since the last
 * look, or one notification's. Its text is made here, of the version that the notification was sent with. What is there
 * already stays as it is, and nothing is counted: a segment was counted when it was stored. Every method expects to run
 * inside a transaction.
 */
export class Arrivals {
  readonly #stores: LookedAt;
  readonly #compiled = new Map<string, CompiledTemplate>();

  constructor(stores: LookedAt) {
    this.#stores = stores;
  }

  /** True where nothing can be left to bring in for a user, as far as is remembered. */
  isCurrent(userId: string): boolean {
    const { newest } = this.#stores.segments;
    const { seq, rest } = this.#stores.looks.getRemembered(userId);
    return newest === 0 || (seq >= newest && rest === null);
  }

  /** True where this notification may have arrived for a user, and isn't brought in. */
  mayHave(userId: string, notificationId: string): boolean {
    if (this.isCurrent(userId)) return false;
    const { seq, rest } = this.#stores.looks.get(userId);
    return seq < this.#stores.segments.newest || (rest !== null && notificationId < rest.beforeId);
  }

  /** True where what is left of a user's looks may hold a newer notification than this one. */
  mayHaveAfter(userId: string, notificationId: string): boolean {
    const { rest } = this.#stores.looks.get(userId);
    return rest !== null && rest.beforeId > notificationId;
  }

  /**
   * Brings in what arrived for a user since the last look, or that left: the newest notifications of it, of so many
   * segments at most. Returns what is new.
   */
  bringIn(userId: string): ArrivedKey[] {
    if (this.isCurrent(userId)) return [];
    const { newest } = this.#stores.segments;
    const { seq, rest } = this.#stores.looks.get(userId);
    if (seq >= newest && rest === null) return [];
    const after = rest?.after ?? seq;
    const hits = this.#listHits(userId, after).filter(
      (hit) => hit.seq > seq || (rest !== null && hit.notificationId < rest.beforeId),
    );
    const { taken, beforeId } = takeNewest(hits, LOOK_SEGMENTS);
    const brought = this.#bringInFrom(taken, userId);
    // Without anything for this user a look costs nothing but the scan; many are worth a row.
    const isWorthARow =
      taken.length > 0 || rest !== null || this.#stores.segments.hasMoreAfter(seq, SEGMENTS_WORTH_A_ROW);
    this.#stores.looks.set(
      userId,
      { seq: newest, rest: beforeId === null ? null : { after, beforeId } },
      isWorthARow,
    );
    return brought;
  }

  /** Segments after one that may have a user's targets: of this user, not of an earlier one of the uid. */
  #listHits(userId: string, after: number): SegmentHit[] {
    const firstId = this.#stores.tombstones.getBeforeId(userId);
    return this.#stores.segments
      .listHits(after, hashUserId(userId))
      .filter(({ notificationId }) => notificationId >= firstId);
  }

  /** Brings in one notification for a user. */
  bringInOf(notificationId: string, userId: string): void {
    const { segments, tombstones } = this.#stores;
    if (segments.newest === 0 || notificationId < tombstones.getBeforeId(userId)) return;
    this.#bringInFrom(segments.listHitsOf(notificationId, hashUserId(userId)), userId);
  }

  /** Makes rows of what failed by default, for these reasons (null: any): a retry goes by rows. */
  bringInFailed(notificationId: string, reasons: readonly FailureReason[] | null): void {
    const { segments, notifications, rows } = this.#stores;
    if (segments.newest === 0) return;
    const isWanted = ({ status, reason }: SegmentOutcome): boolean =>
      status === "failed" && (reasons === null || (reasons as readonly (string | null)[]).includes(reason));
    for (const { seq, outcomes } of segments.listHeads(notificationId)) {
      const failed = outcomes.filter(isWanted);
      const segment = failed.length === 0 ? null : segments.get(seq);
      const header = notifications.get(notificationId)?.header;
      if (segment === null || header === undefined) continue;
      const { storedAt } = segment;
      const failedRows = listUsers(segment.targets).flatMap((userId) =>
        failed.map((outcome) => toRow(header, userId, outcome, null, storedAt)),
      );
      rows.insertArrived(failedRows);
    }
  }

  /** Brings in a user's lines of these segments; returns what is new. */
  #bringInFrom(hits: readonly SegmentHit[], userId: string): ArrivedKey[] {
    const lines = this.#stores.segmentLines.read(userId, hits);
    if (lines.length === 0) return [];
    const headers = this.#stores.notifications.listHeaders(lines.map(({ notificationId }) => notificationId));
    const rows = lines.flatMap((line) => {
      const header = headers.get(line.notificationId);
      return header === undefined ? [] : this.#toRows(header, userId, line);
    });
    return this.#stores.rows.insertArrived(rows);
  }

  #toRows(
    header: NotificationHeader,
    userId: string,
    { line, places, outcomes, storedAt }: UserLine,
  ): ArrivedRow[] {
    const { values } = readLine(line, places);
    return outcomes.map((outcome) => {
      const isShown = outcome.status === "delivered";
      const content = isShown ? this.#render(header, values, outcome.channelKey) : null;
      return toRow(header, userId, outcome, content, storedAt);
    });
  }

  #render(header: NotificationHeader, values: readonly unknown[] | null, channelKey: string): string | null {
    const { variables, contents } = this.#compile(header);
    const content = contents.get(channelKey);
    if (content === undefined) return null;
    if (values === null) return content.unsubstituted;
    const resolved = resolveVariables(variables, (index) => values[index]);
    // The values were checked when the segment was made.
    return resolved.ok ? renderContent(content, resolved.values) : null;
  }

  #compile(header: NotificationHeader): CompiledTemplate {
    const key = keyOf(header);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileTemplate(this.#stores.segments.getTemplate(header));
    if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

/** The newest hits, about `most`: a notification's are never parted. `beforeId`: older ones are left; null: none. */
function takeNewest(
  hits: readonly SegmentHit[],
  most: number,
): { taken: SegmentHit[]; beforeId: string | null } {
  const newestFirst = hits.toSorted((a, b) => (a.notificationId < b.notificationId ? 1 : -1));
  const last = newestFirst[most - 1];
  if (last === undefined) return { taken: newestFirst, beforeId: null };
  const taken = newestFirst.filter(({ notificationId }) => notificationId >= last.notificationId);
  return { taken, beforeId: taken.length < hits.length ? last.notificationId : null };
}

function toRow(
  { id, channels }: NotificationHeader,
  userId: string,
  { channelKey, status, reason }: SegmentOutcome,
  content: string | null,
  storedAt: number,
): ArrivedRow {
  const type = channels.find(({ key }) => key === channelKey)?.type ?? null;
  return [userId, id, channelKey, type, status, reason, content, status === "delivered" ? storedAt : null];
}
