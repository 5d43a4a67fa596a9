import type { Bindings } from "../../env.ts";
import type { AddressRef, Registration, UserAddress } from "../../model/address.ts";
import type { Actor } from "../../model/audit.ts";
import type { ClaimRequest, EarlierCall } from "../../model/claim.ts";
import type {
  DeliverRequest,
  DeliveryCounts,
  ReopenRequest,
  ShardNotification,
} from "../../model/delivery.ts";
import type { RetryTarget, RunLog, RunLogRequest, ShardLog, UserHistory } from "../../model/delivery-log.ts";
import type {
  DispatchGroup,
  DispatchLease,
  DispatchLeaseRequest,
  DispatchReport,
  OpenCircuit,
} from "../../model/dispatch.ts";
import type { ClientEngagement, Engagement } from "../../model/engagement.ts";
import type { FeedFilter, FeedItem, FeedMark, FeedPosition } from "../../model/feed.ts";
import { keys } from "../../model/keys.ts";
import type { NotificationHeader, Retry, StoredRow } from "../../model/notification.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { SegmentReport } from "../../model/report.ts";
import type { RunRequest, SegmentRequest } from "../../model/segment.ts";
import type { User, UserFields, UserFilter, UserPart, UserSlice } from "../../model/user.ts";
import { shardOfUser, type UserPlacement } from "../../model/user-hash.ts";
import type { IssuedToken, TokenTimes } from "../../model/user-token.ts";
import type { Remote } from "../kit/remote.ts";

/** The claims of the feed token that a call was made with. */
export interface FeedCaller {
  userId: string;
  /** Unix ms. */
  issuedAt: number;
}

/** What a delivery has become, and what of it its caller has in hand now to send. */
export interface Delivered {
  /** The header of an earlier call, where one stands in the shard; null where it is this call's. */
  earlier: NotificationHeader | null;
  leases: DispatchLease[];
}

/** What others may ask of a user shard. */
export interface UserShardContract {
  /**
   * Stores deliveries and counts them, in one transaction; the same rows again change nothing. With `leaseMs`
   * the caller gets in hand what of its rows is to be sent, else the queue does.
   */
  deliver(request: DeliverRequest, leaseMs?: number | null): Delivered;
  /**
   * Stores a part of a batch and counts it, in one transaction; the same part again changes nothing. Its exceptions are
   * delivered before. Returns what the shard has of the notification now, which the caller takes to the ledger: see
   * {@link SegmentRequest.carriesReport}. `needs_template`: nothing was stored, as what texts are made with isn't here.
   */
  deliverSegment(request: SegmentRequest): SegmentReport | "needs_template";
  /**
   * A retry has come to this shard: what failed is pending again, in the transaction of its first word. Returns
   * who of these users waits for a new delivery.
   */
  reopenFailed({ notificationId, retry, userIds }: ReopenRequest): string[];
  /**
   * The same for a run: who of its targets waits, with their values. Null where not all of the run stands in segments:
   * then nothing was done.
   */
  reopenRun(run: RunRequest, retry: Retry): StoredRow[] | null;
  /** Delivers to who waits since {@link reopenFailed}, in one transaction; the same rows again change nothing. */
  redeliver({ header, slices }: DeliverRequest, { attempt, expiresAt }: Retry): void;
  /** By type of channels, which of these users have an address. */
  listReachable(channelTypes: readonly string[], userIds: readonly string[]): Record<string, string[]>;
  /** Hands out due dispatches of one notification and channel, for `leaseMs`; null where there are none. */
  leaseDispatches(request: DispatchLeaseRequest): DispatchLease | null;
  /**
   * Takes what became of a lease; the same report again changes nothing. With `leaseMs` the caller gets
   * the next of them in hand, null where there are none.
   */
  reportDispatches(report: DispatchReport, leaseMs?: number | null): DispatchLease | null;
  /** The channel is disabled: what nobody has in hand isn't sent. */
  skipDispatches(group: DispatchGroup): void;
  /** Providers that fail, as far as this instance knows: for the operator. */
  listOpenCircuits(): OpenCircuit[];
  /** These three: refused where the token of `caller` isn't taken any more; null: the app's server calls. */
  listAddresses(userId: string, channelType: string, caller: FeedCaller | null): Outcome<UserAddress[]>;
  /**
   * Adds an address or renews it; refused where the user was deleted meanwhile. Resolves when it has left the user
   * that had it before.
   */
  putAddress(
    userId: string,
    registration: Registration,
    caller: FeedCaller | null,
  ): Promise<Outcome<[UserAddress, isNew: boolean]>>;
  /** Refused where the user has no such address. */
  deleteAddress(userId: string, channelType: string, id: string, caller: FeedCaller | null): Outcome<null>;
  /** Of an address that hashes to this shard: it is this user's now. Resolves when it has left the one before. */
  ownAddress(ref: AddressRef): Promise<void>;
  /** An address of this shard's user has moved to another user. */
  removeMovedAddress(ref: AddressRef): void;
  /** An address that hashes to this shard is gone. */
  releaseAddress(ref: AddressRef): void;
  /**
   * Brings the ledgers up to date now: for a read that came before the next flush. `about`: a notification whose ledger
   * is told of in any case, as what somebody else took there may have been lost.
   */
  flush(about?: string | null): Promise<void>;
  /** What this shard knows of a notification: the answer of last resort while its ledger is unreachable. */
  describe(notificationId: string): Pick<ShardNotification, "header" | "totals" | "attempt"> | null;
  /** What a realtime send to one is rendered from again; null where nothing of it could fail. */
  getRetryTarget(notificationId: string): RetryTarget | null;
  /** The user of a realtime send to one. */
  getTarget(notificationId: string): string | null;
  /** A notification's deliveries to some of this shard's users; who isn't accepted yet has none. */
  listDeliveries(notificationId: string, userIds: readonly string[]): ShardLog;
  /** Some targets of a run and what became of them; null where not all of the run stands in segments. */
  readRun(request: RunLogRequest): RunLog | null;
  /** How many of a notification's targets stand in segments. */
  countInSegments(notificationId: string): number;
  /** The stored deliveries of a notification, counted one by one, for a page of its users. */
  countDeliveries(notificationId: string, afterUser: string): DeliveryCounts;
  /** What was called under the key; one that stopped is this call's now. Refused: another request, or it still runs. */
  lookUpClaim(key: string, requestHash: string): Outcome<EarlierCall>;
  /** Claims the key: null. Refused as above; where a call was done meanwhile, its answer. */
  claim(request: ClaimRequest): Outcome<string | null>;
  finishClaim(key: string, notificationId: string, answer: string): void;
  releaseClaim(key: string, notificationId: string): void;
  /** Refused where the uid is taken (`ERR_UID_ALREADY_EXISTS`), or the app has as many users as it may. */
  createUser(uid: string, fields: UserFields): Promise<Outcome<User>>;
  /**
   * Creates the user where there is none, and notes the token that is about to be signed with the root secret of this
   * generation. It carries the times that are returned: by this object's clock, after any deletion of an earlier user
   * of that uid, and no other token's. Refused where the user is deactivated, or another user is one too many.
   */
  issueToken(uid: string, ttlMs: number, generation: number): Promise<Outcome<TokenTimes>>;
  /**
   * Refuses all of the user's tokens that were issued until now, and closes the sockets. `uidHash` stands in the audit
   * log. Returns from when on tokens count (Unix ms).
   */
  revokeTokens(uid: string, actor: Actor, uidHash: string): Outcome<number>;
  getUser(uid: string): User | null;
  updateUser(uid: string, fields: UserFields): Outcome<User>;
  /**
   * Deletes a user, whatever is stored of them; refused where nothing was. `uidHash` stands in the audit log. Resolves
   * when the next notification is one that came after.
   */
  deleteUser(uid: string, actor: Actor, uidHash: string): Promise<Outcome<null>>;
  /** A deactivated user's sockets close, and tokens are refused. */
  setUserActive(uid: string, isActive: boolean, actor: Actor, uidHash: string): Promise<Outcome<null>>;
  /** The tokens that can be used, newest first. */
  listTokens(uid: string): IssuedToken[];
  /** A token of the user's is refused from now on; sockets close, and those with another token open anew. */
  removeToken(uid: string, token: TokenTimes, actor: Actor, uidHash: string): void;
  listUsers(filter: UserFilter, slice: UserSlice): UserPart;
  /** How many of this shard's users fit. */
  countUsers(filter: UserFilter): number;
  /** How many active users there are. The registry is told too, where it doesn't know yet. */
  countActiveUsers(): Promise<number>;
  /** These five: refused where the token was revoked, or issued before its user was deleted. */
  listFeed(caller: FeedCaller, filter: FeedFilter): Promise<Outcome<FeedItem[]>>;
  countUnread(caller: FeedCaller): Promise<Outcome<number>>;
  /** Refused where the user has no such item. */
  markFeedItem(
    caller: FeedCaller,
    notificationId: string,
    channelKey: string | null,
    kind: Engagement,
  ): Outcome<FeedItem[]>;
  /** Marks several viewed. What the user has no item of is left out. */
  markViewed(caller: FeedCaller, marks: readonly FeedMark[]): Outcome<FeedItem[]>;
  markAllViewed(caller: FeedCaller): Promise<Outcome<number>>;
  /**
   * Takes an event that the app's server tells of; told again it changes nothing. Refused: `ERR_NOT_FOUND` where the
   * user has no such delivery, `ERR_CONFLICT` where nobody can have had it.
   */
  recordEngagement(event: ClientEngagement): Outcome<null>;
  /** What became of a user's notifications, newest first: all in numbers, and a page of them. */
  readUserHistory(userId: string, before: FeedPosition | null, limit: number): Promise<UserHistory>;
  /** Refused where the token was revoked, or issued before its user was deleted. */
  checkToken(caller: FeedCaller): Outcome<null>;
  /** The app is deleted: nothing of it stays here. */
  erase(): Promise<void>;
  /** Sets the alarm where it was lost (operations/wake-objects.ts). */
  ensureAlarm(): Promise<void>;
}

/** A user shard of an app by its number. */
export function getShardStub(env: Bindings, appId: string, shard: number): Remote<UserShardContract> {
  return env.USER_SHARD.getByName(keys.userShard(appId, shard)) as unknown as Remote<UserShardContract>;
}

/** The user shard that a user (or an Idempotency-Key) hashes to. */
export function getShardStubOf(
  env: Bindings,
  app: UserPlacement & { id: string },
  userId: string,
): Remote<UserShardContract> {
  return getShardStub(env, app.id, shardOfUser(userId, app));
}
