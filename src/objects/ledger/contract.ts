import type { Bindings } from "../../env.ts";
import type { Actor } from "../../model/audit.ts";
import type { FinishedUnit, Handout, UnitRange } from "../../model/chunk-units.ts";
import type { Totals } from "../../model/counts.ts";
import type { LedgerRef } from "../../model/ids.ts";
import type { Incidents } from "../../model/incidents.ts";
import { keys } from "../../model/keys.ts";
import type {
  FailureReason,
  LedgerPlan,
  Mode,
  NotificationHeader,
  NotificationState,
} from "../../model/notification.ts";
import type { ObjectSize, ShardSize } from "../../model/object-state.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { CarriedReport, ShardReport } from "../../model/report.ts";
import type { SeriesPoint, SeriesQuery } from "../../model/series.ts";
import type { Remote } from "../kit/remote.ts";

/** A notification as the ledger knows it. `completedAt` in Unix ms. */
export interface NotificationRecord {
  header: NotificationHeader;
  totals: Totals;
  completedAt: number | null;
  /** 1: the send itself; each retry is one more. */
  attempt: number;
}

export interface NotificationFilter {
  tag: string | null;
  templateKey: string | null;
  mode: Mode | null;
  state: NotificationState | null;
  /** Whether deliveries of it have failed, and aren't being retried. */
  hasFailures: boolean | null;
  /** Ids: from inclusive, before exclusive. */
  fromId: string | null;
  beforeId: string | null;
  limit: number;
}

/** A page of a ledger. */
export interface NotificationPage {
  records: NotificationRecord[];
  /** Where the look ended before the page was full: ids below it weren't looked at. Null: all of them were. */
  endedAt: string | null;
}

/** A retry as it is asked for. */
export interface RetryRequest {
  reasons: FailureReason[] | null;
  /** Of one user alone, who has failed deliveries, and in which shard; null: of everybody. */
  only: { userId: string; shard: number } | null;
  expiresAt: number;
  actor: Actor;
}

/** A notification that is written down. */
export interface RegisteredPlan {
  /** The header that stands: that of the first call. */
  header: NotificationHeader;
  /** What the caller is to put into the queues. */
  handouts: Handout[];
}

/** Another attempt that is written down: from here on it will be made. */
export interface RegisteredRetry {
  plan: LedgerPlan;
  handouts: Handout[];
}

/** How a ledger is doing, and how large it and the shards that report to it are. */
export interface LedgerStatus extends Incidents {
  size: ObjectSize;
  shardSizes: ShardSize[];
}

/** What others may ask of a ledger. */
export interface LedgerContract {
  /**
   * The commit point of a batch with these units; a realtime send has none. Repeated with the same id, it changes
   * nothing, and hands out again what it had handed out.
   */
  register(plan: LedgerPlan, units: UnitRange[]): Promise<RegisteredPlan>;
  /**
   * Messages of the queue are done with, after they waited there for so long; `reports`: what the shards that they were
   * delivered to have now. Returns what takes their places: the caller puts it into the queues. Repeated, it changes
   * nothing.
   */
  finish(done: FinishedUnit[], waitedMs: number, reports: CarriedReport[]): Handout[];
  /**
   * Opens another attempt at a completed notification's failed deliveries. `plan`: of a realtime send to one, whose
   * plan is nowhere else. Refused where this ledger has no such notification, it isn't completed, or nothing of it
   * failed for these reasons.
   */
  retry(id: string, request: RetryRequest, plan: LedgerPlan | null): Promise<Outcome<RegisteredRetry>>;
  /** Takes one shard's totals. Repeated or out of order, the newest stands. Returns those that there is no room for. */
  report(shard: number, reports: ShardReport[], shardSize?: ObjectSize): Promise<string[]>;
  /** Events of this day's notifications, whenever they happened. */
  readSeries(query: SeriesQuery): SeriesPoint[];
  get(id: string): NotificationRecord | null;
  /** A notification with the hours in which things happened. */
  getWithHours(id: string): NotificationRecord | null;
  /** What a consumer needs to deliver a batch, or null where this ledger has no such batch. */
  getPlan(id: string): LedgerPlan | null;
  list(filter: NotificationFilter): NotificationPage;
  /** The user was deleted: of these notifications nothing stays here that says what they were sent. */
  forgetUser(userId: string, ids: readonly string[]): void;
  /** Messages on this day's notifications have failed for good: their work is the watchdogs'. */
  noteDeadLetters(count: number): void;
  /** For the operator. */
  readStatus(): LedgerStatus;
  /** The app is deleted: nothing of it stays here. Its audiences are erased with all of the app's files. */
  erase(): Promise<void>;
  /** Sets the alarm where it was lost (operations/wake-objects.ts). */
  ensureAlarm(): Promise<void>;
}

/** One of an app's ledgers. */
export function getLedgerStub(
  env: Bindings,
  appId: string,
  { day, slot }: LedgerRef,
): Remote<LedgerContract> {
  return env.LEDGER.getByName(keys.ledger(appId, day, slot)) as unknown as Remote<LedgerContract>;
}
