import { DurableObject } from "cloudflare:workers";
import { handOver } from "../../delivering/hand-over.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { AddressRef, Registration, UserAddress } from "../../model/address.ts";
import type { Actor } from "../../model/audit.ts";
import type { ClaimRequest, EarlierCall } from "../../model/claim.ts";
import { acceptedOf } from "../../model/counts.ts";
import type {
  DeliverRequest,
  DeliveryCounts,
  DeliveryKey,
  ReopenRequest,
  ShardNotification,
} from "../../model/delivery.ts";
import type { RetryTarget, ShardLog, UserHistory } from "../../model/delivery-log.ts";
import type {
  DispatchGroup,
  DispatchLease,
  DispatchLeaseRequest,
  DispatchReport,
  OpenCircuit,
} from "../../model/dispatch.ts";
import type { ClientEngagement, Engagement } from "../../model/engagement.ts";
import type { FeedFilter, FeedItem, FeedPosition } from "../../model/feed.ts";
import { firstIdAt } from "../../model/ids.ts";
import { CLAIM_TTL_MS, MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import type { NotificationHeader, Retry } from "../../model/notification.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import { retriedBefore } from "../../model/retry-window.ts";
import { findLine, type SegmentRequest } from "../../model/segment.ts";
import type { User, UserFields, UserFilter, UserPart, UserSlice } from "../../model/user.ts";
import { INVALID_TOKEN, type IssuedToken, type TokenTimes } from "../../model/user-token.ts";
import { enqueueDispatches } from "../../queues/dispatches.ts";
import { DueTable } from "../kit/due.ts";
import { Duties, type Duty } from "../kit/duties.ts";
import { identityOf, type ShardIdentity } from "../kit/identity.ts";
import { migrate } from "../kit/migrate.ts";
import { isFull, requireRoom, sizeOf } from "../kit/room.ts";
import { getLedgerStub } from "../ledger/contract.ts";
import { getRegistryStub } from "../registry/contract.ts";
import { AddressDirectory } from "./address-directory.ts";
import { AddressStore } from "./address-store.ts";
import { Arrivals } from "./arrivals.ts";
import { ClaimStore } from "./claim-store.ts";
import type { Delivered, FeedCaller, UserShardContract } from "./contract.ts";
import { DeliveryEvents } from "./delivery-events.ts";
import { DeliveryStore } from "./delivery-store.ts";
import { DISPATCH_DUTY, PROBE_DUTY } from "./dispatch-circuits.ts";
import { DispatchOutbox } from "./dispatch-outbox.ts";
import { DispatchStore } from "./dispatch-store.ts";
import { DispatchWakes } from "./dispatch-wakes.ts";
import { EngagementStore } from "./engagement-store.ts";
import { ErasureCalls } from "./erasure-calls.ts";
import { FeedSockets } from "./feed-sockets.ts";
import { FeedStore } from "./feed-store.ts";
import { HeaderStore } from "./header-store.ts";
import { LogStore } from "./log-store.ts";
import { Looks } from "./looks.ts";
import { dropRawValues } from "./raw-values.ts";
import { RECOUNT_DUTY, Recount } from "./recount.ts";
import { Reporter } from "./reporter.ts";
import { Retention } from "./retention.ts";
import { RetryStore } from "./retry-store.ts";
import { USER_SHARD_SCHEMA } from "./schema.ts";
import { SegmentInserts } from "./segment-inserts.ts";
import { SegmentStore } from "./segment-store.ts";
import { tellErasure } from "./tell-erasure.ts";
import { TokenBounds } from "./token-bounds.ts";
import { Tombstones } from "./tombstones.ts";
import { UserCount, type UserRoom } from "./user-count.ts";
import { ERASE_DUTY, UserErasure } from "./user-erasure.ts";
import { UserStore } from "./user-store.ts";
import { UserTokens } from "./user-tokens.ts";

const USER_GONE = refuse("ERR_CONFLICT", "The user was deleted while this call was on its way.");
const NO_ADDRESS = refuse("ERR_NOT_FOUND", "This user has no such device.");
const UID_TAKEN = refuse("ERR_UID_ALREADY_EXISTS", "A user with this uid exists.");
const REFUSED_TOKEN = refuse("ERR_UNAUTHORIZED", INVALID_TOKEN);
const DAY_MS = 24 * 60 * 60 * 1000;
/** The duty's kind: raw values of realtime sends go when no retry can need them any more. */
const VALUES_DUTY = "values";
/** The duty's kind: claims of idempotency keys end. */
const CLAIMS_DUTY = "claims";
/** The duty's kind: tokens of open sockets end. */
const SOCKETS_DUTY = "sockets";
/** The duty's kind: what is older than the retention goes. */
const RETENTION_DUTY = "retention";
/** Notifications of which one turn of the alarm drops them. */
const VALUES_SLICE = 5000;
/** How long a change of users waits for the registry to know their number, so that the next list has it, ms. */
const COUNT_WAIT_MS = 100;

/** A hash-slice of an app's users: their records, deliveries, feeds, open sockets and idempotency claims. */
export class UserShard extends DurableObject<Bindings> implements UserShardContract {
  readonly #identity: ShardIdentity;
  readonly #due: DueTable;
  readonly #duties: Duties;
  readonly #webhooks: DeliveryEvents;
  readonly #deliveries: DeliveryStore;
  readonly #recount: Recount;
  readonly #claims: ClaimStore;
  readonly #log: LogStore;
  readonly #users: UserStore;
  readonly #tokenBounds: TokenBounds;
  readonly #tokens: UserTokens;
  readonly #userCount: UserCount;
  readonly #feed: FeedStore;
  readonly #sockets: FeedSockets;
  readonly #reporter: Reporter;
  readonly #addresses: AddressStore;
  readonly #directory: AddressDirectory;
  readonly #outbox: DispatchOutbox;
  readonly #retries: RetryStore;
  readonly #tombstones: Tombstones;
  readonly #erasureCalls: ErasureCalls;
  readonly #erasure: UserErasure;
  readonly #retention: Retention;
  readonly #segments: SegmentStore;
  readonly #segmentInserts: SegmentInserts;
  readonly #arrivals: Arrivals;
  readonly #engagements: EngagementStore;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    migrate(ctx.storage, USER_SHARD_SCHEMA);
    const { sql } = ctx.storage;
    this.#identity = identityOf(ctx.id);
    this.#due = new DueTable(ctx.storage);
    const { appId, shard } = this.#identity;
    this.#webhooks = new DeliveryEvents({
      sql,
      due: this.#due,
      handOver: (request) => handOver(this.env, { appId, source: this.ctx.id.name ?? "" }, request),
      getHeader: (notificationId) => this.#deliveries.getNotification(notificationId)?.header ?? null,
    });
    this.#tombstones = new Tombstones(sql);
    const headers = new HeaderStore(sql);
    this.#due.onUndone(() => headers.forget());
    this.#deliveries = new DeliveryStore(ctx.storage, this.#webhooks, this.#tombstones, headers);
    this.#segments = new SegmentStore(sql);
    const looks = new Looks(sql);
    this.#segmentInserts = new SegmentInserts(sql, this.#segments, this.#deliveries, this.#tombstones);
    this.#arrivals = new Arrivals(looks, this.#segments, this.#deliveries, this.#tombstones);
    this.#due.onUndone(() => {
      this.#segments.forget();
      looks.forget();
    });
    this.#recount = new Recount(sql, this.#deliveries);
    this.#claims = new ClaimStore(sql);
    this.#log = new LogStore(sql, this.#tombstones, headers, this.#segments);
    this.#retries = new RetryStore(sql, this.#deliveries);
    this.#retention = new Retention(sql, headers, this.#segments, looks);
    this.#sockets = new FeedSockets(ctx);
    this.#users = new UserStore(sql, this.#sockets);
    this.#tokenBounds = new TokenBounds(sql);
    this.#tokens = new UserTokens(sql);
    this.#userCount = new UserCount({
      sql,
      due: this.#due,
      tell: (numbers) => getRegistryStub(this.env, appId).noteUserCount(shard, numbers),
    });
    const dispatches = new DispatchStore(sql);
    this.#engagements = new EngagementStore(sql, this.#deliveries, dispatches);
    this.#feed = new FeedStore(sql, this.#engagements, headers);
    this.#reporter = new Reporter(this.#deliveries, this.#due, (ledger, reports) =>
      getLedgerStub(this.env, appId, ledger).report(shard, reports, sizeOf(ctx.storage, this.env)),
    );
    this.#addresses = new AddressStore(sql);
    this.#directory = new AddressDirectory(env, this.#identity, this.#addresses, this.#due);
    const config = readConfig(env);
    this.#outbox = new DispatchOutbox({
      deliveries: this.#deliveries,
      addresses: this.#addresses,
      store: dispatches,
      tombstones: this.#tombstones,
      wakes: new DispatchWakes(sql),
      listInactive: (userIds) => this.#users.listInactive(userIds),
      due: this.#due,
      config: config.push,
      get stallMs() {
        return config.stallMs;
      },
      enqueue: (groups) =>
        enqueueDispatches(
          this.env,
          { appId, shard },
          groups.map((group) => ({
            ...group,
            priority: this.#deliveries.getNotification(group.notificationId)?.header.priority ?? "high",
          })),
        ),
      noteChange: (now) => this.#reporter.noteChange(now),
    });
    this.#erasureCalls = new ErasureCalls({
      sql,
      due: this.#due,
      // One that fails is repeated, and reads anew what it reports.
      flushReports: () => this.#reporter.flush().catch(() => {}),
      tell: (call) => tellErasure(this.env, appId, call),
    });
    this.#erasure = new UserErasure({
      sql,
      due: this.#due,
      users: this.#users,
      addresses: this.#addresses,
      outbox: this.#outbox,
      tokens: this.#tokens,
      tombstones: this.#tombstones,
      calls: this.#erasureCalls,
      segments: this.#segments,
      looks,
    });
    this.#duties = new Duties(ctx.storage, this.#due, ctx.id.name ?? "", this.#listDuties());
  }

  deliver(request: DeliverRequest, leaseMs: number | null = null): Delivered {
    const now = Date.now();
    // Chunks of what was accepted use the room that is left; a send that isn't accepted yet is refused.
    if (isSingle(request.header) && isFull(this.ctx.storage, this.env)) {
      if (this.#deliveries.getNotification(request.header.id) === null)
        requireRoom(this.ctx.storage, this.env);
    }
    const watchers =
      request.target === null ? this.#sockets.watchers() : this.#sockets.watchersOf(request.target);
    const { header, totals, fresh, pending, leases } = this.#due.transaction(() => {
      const stored = this.#findSegmentOf(request);
      if (stored !== null) return { ...stored, fresh: [], pending: [], leases: [] };
      const after = this.#deliveries.insertDeliveries(request, watchers, now, (slice, userIds) =>
        this.#outbox.store(slice, userIds, request.header, now),
      );
      this.#reporter.noteChange(now);
      this.#noteGone(request.header, after.gone, now);
      if (request.target !== null) this.#due.ensure(VALUES_DUTY, "", now + DAY_MS);
      this.#due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      return { ...after, leases: leaseMs === null ? [] : this.#leaseNew(request, leaseMs, now) };
    });
    const isWhole = acceptedOf(totals) === request.expected;
    // Several realtime targets are in their ledger already: what was answered as delivered is read there.
    // With dispatches in hand the caller is about to report them: until then nothing is worth telling.
    if (leases.length === 0) this.#reporter.schedule(isSingle(header) ? "single" : isWhole ? "now" : "batch");
    this.#pushToSockets(header.id, fresh);
    if (leaseMs === null && pending.length > 0) this.#enqueueNew(header.id, pending);
    return { header, leases };
  }

  deliverSegment(request: SegmentRequest): "stored" | "needs_template" {
    const now = Date.now();
    const online = this.#sockets.listOnline();
    const stored = this.#due.transaction(() => {
      const inserted = this.#segmentInserts.insert(request, now);
      if (inserted === null) return null;
      this.#reporter.noteChange(now);
      this.#due.ensure("retention", "", now + DAY_MS);
      const watching = [...online].filter((userId) => findLine(request.targets, userId) !== null);
      return { ...inserted, fresh: watching.flatMap((userId) => this.#arrivals.bringIn(userId)) };
    });
    if (stored === null) return "needs_template";
    this.#reporter.schedule(acceptedOf(stored.totals) === request.expected ? "now" : "batch");
    for (const key of stored.fresh) this.#pushToSockets(key.notificationId, [key]);
    return "stored";
  }

  /** A part of a batch that is stored as a segment is done with: who delivers it again may see other devices. */
  #findSegmentOf({ header, part = null }: DeliverRequest): ShardNotification | null {
    if (part === null || !this.#segments.has(header.id, part)) return null;
    return this.#deliveries.getNotification(header.id);
  }

  reopenFailed({ notificationId, retry, userIds }: ReopenRequest): string[] {
    const now = Date.now();
    const waiting = this.#due.transaction(() => {
      this.#arrivals.bringInFailed(notificationId, retry.reasons);
      if (this.#retries.reopen(notificationId, retry)) this.#reporter.noteChange(now);
      const header = this.#deliveries.getNotification(notificationId)?.header;
      const gone = this.#tombstones.listGone(userIds, notificationId);
      if (header !== undefined) this.#noteGone(header, gone, now);
      return this.#retries.listWaiting(notificationId, retry.attempt, userIds);
    });
    this.#reporter.schedule("batch");
    return waiting;
  }

  redeliver({ header, slices }: DeliverRequest, { attempt, expiresAt }: Retry): void {
    const now = Date.now();
    const watchers = this.#sockets.watchers();
    const redelivered = this.#due.transaction(() => {
      this.#reporter.noteChange(now);
      return this.#retries.redeliver(header.id, attempt, slices, watchers, now, (slice, userIds) =>
        this.#outbox.store(slice, userIds, { id: header.id, expiresAt }, now, attempt),
      );
    });
    if (redelivered === null) return;
    const { totals, fresh, pending } = redelivered;
    this.#reporter.schedule(totals.every((channel) => channel.pending === 0) ? "now" : "batch");
    this.#pushToSockets(header.id, fresh);
    if (pending.length > 0) this.#enqueueNew(header.id, pending);
  }

  listReachable(channelTypes: readonly string[], userIds: readonly string[]): Record<string, string[]> {
    return this.#addresses.listReachable(channelTypes, userIds);
  }

  leaseDispatches(request: DispatchLeaseRequest): DispatchLease | null {
    const lease = this.#due.transaction(() => this.#outbox.lease(request, Date.now()));
    this.#reporter.schedule("batch");
    return lease;
  }

  reportDispatches(report: DispatchReport, leaseMs: number | null = null): DispatchLease | null {
    const { channelKey, notificationId, isSlow, blocked } = report;
    const now = Date.now();
    const { stored, next } = this.#due.transaction(() => {
      this.#outbox.report(report, now);
      this.#directory.noteCalls();
      const request = { channelKey, notificationId, isSlow, blocked };
      const next = leaseMs === null ? null : this.#outbox.lease({ ...request, leaseMs }, now);
      return { next, stored: this.#deliveries.getNotification(notificationId) };
    });
    if (stored === null) return null;
    const isDone = stored.totals.every(({ pending }) => pending === 0);
    this.#reporter.schedule(isSingle(stored.header) ? "single" : isDone ? "now" : "batch");
    return next;
  }

  skipDispatches(group: DispatchGroup): void {
    this.#due.transaction(() => this.#outbox.skipGroup(group, "channel_disabled", Date.now()));
    this.#reporter.schedule("batch");
  }

  listOpenCircuits(): OpenCircuit[] {
    return this.#outbox.listOpenCircuits();
  }

  listAddresses(userId: string, channelType: string, caller: FeedCaller | null): Outcome<UserAddress[]> {
    return this.#allows(caller) ? succeed(this.#directory.list(userId, channelType)) : REFUSED_TOKEN;
  }

  async putAddress(
    userId: string,
    registration: Registration,
    caller: FeedCaller | null,
  ): Promise<Outcome<[UserAddress, isNew: boolean]>> {
    if (!this.#allows(caller)) return REFUSED_TOKEN;
    if (this.#tombstones.listGone([userId], registration.version).length > 0) return USER_GONE;
    return succeed(await this.#directory.put(userId, registration));
  }

  deleteAddress(userId: string, channelType: string, id: string, caller: FeedCaller | null): Outcome<null> {
    if (!this.#allows(caller)) return REFUSED_TOKEN;
    return this.#directory.remove(userId, channelType, id) ? succeed(null) : NO_ADDRESS;
  }

  ownAddress(ref: AddressRef): Promise<void> {
    return this.#directory.own(ref);
  }

  removeMovedAddress(ref: AddressRef): void {
    this.ctx.storage.transactionSync(() => this.#addresses.removeMoved(ref));
  }

  releaseAddress(ref: AddressRef): void {
    this.ctx.storage.transactionSync(() => this.#addresses.release(ref));
  }

  async flush(): Promise<void> {
    await this.#reporter.flush();
  }

  describe(notificationId: string): Pick<ShardNotification, "header" | "totals" | "attempt"> | null {
    return this.#deliveries.getNotification(notificationId);
  }

  getRetryTarget(notificationId: string): RetryTarget | null {
    return this.#log.getRetryTarget(notificationId);
  }

  getTarget(notificationId: string): string | null {
    return this.#log.getTarget(notificationId);
  }

  listDeliveries(notificationId: string, userIds: readonly string[]): ShardLog {
    return this.#log.listDeliveries(notificationId, userIds);
  }

  countDeliveries(notificationId: string, afterUser: string): DeliveryCounts {
    return this.#log.countDeliveries(notificationId, afterUser);
  }

  lookUpClaim(key: string, requestHash: string): Outcome<EarlierCall> {
    return this.ctx.storage.transactionSync(() => this.#claims.look(key, requestHash, Date.now()));
  }

  claim(request: ClaimRequest): Outcome<string | null> {
    requireRoom(this.ctx.storage, this.env);
    const now = Date.now();
    return this.#due.transaction(() => {
      this.#due.ensure(CLAIMS_DUTY, "", now + CLAIM_TTL_MS);
      return this.#claims.claim(request, now);
    });
  }

  finishClaim(key: string, notificationId: string, answer: string): void {
    this.#claims.finish(key, notificationId, answer, Date.now());
  }

  releaseClaim(key: string, notificationId: string): void {
    this.#claims.release(key, notificationId, Date.now());
  }

  async createUser(uid: string, fields: UserFields): Promise<Outcome<User>> {
    requireRoom(this.ctx.storage, this.env);
    if (this.#users.has(uid)) return UID_TAKEN;
    const room = await this.#readUserRoom();
    return this.#changeUsers((now) => {
      const refusal = this.#userCount.refuse(room);
      if (refusal !== null) return refusal;
      const user = this.#users.create(uid, fields, now);
      return user === null ? UID_TAKEN : succeed(user);
    });
  }

  async issueToken(uid: string, ttlMs: number, generation: number): Promise<Outcome<TokenTimes>> {
    const room = this.#users.has(uid) ? null : await this.#readUserRoom();
    return this.#changeUsers((now) => {
      const refusal = this.#users.has(uid) ? null : this.#userCount.refuse(room);
      if (refusal !== null) return refusal;
      this.#users.create(uid, {}, now);
      if (this.#users.listInactive([uid]).length > 0)
        return refuse("ERR_CONFLICT", "The user is deactivated.");
      const notBefore = Math.max((this.#users.getDeletedAt(uid) ?? 0) + 1, this.#tokenBounds.validFrom(uid));
      return succeed(this.#tokens.issue(uid, { ttlMs, generation }, now, notBefore));
    });
  }

  revokeTokens(uid: string, actor: Actor, uidHash: string): number | null {
    const now = Date.now();
    const validFrom = this.#due.transaction(() => {
      if (this.#users.get(uid) === null) return null;
      this.#due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      this.#erasureCalls.addAudit("user.tokens_revoked", actor, uidHash, now);
      return this.#tokenBounds.revoke(uid, now);
    });
    if (validFrom !== null) this.#sockets.closeUser(uid, "The user's tokens were revoked");
    return validFrom;
  }

  getUser(uid: string): User | null {
    return this.#users.get(uid);
  }

  updateUser(uid: string, fields: UserFields): User | null {
    return this.ctx.storage.transactionSync(() => this.#users.update(uid, fields, Date.now()));
  }

  async deleteUser(uid: string, actor: Actor, uidHash: string): Promise<boolean> {
    const now = Date.now();
    const deleted = await this.#changeUsers(() => {
      this.#due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      const hadAnything = this.#erasure.delete(uid, now);
      if (hadAnything) this.#erasureCalls.addAudit("user.deleted", actor, uidHash, now);
      this.#directory.noteCalls();
      return hadAnything;
    });
    this.#reporter.schedule("batch");
    this.#sockets.closeUser(uid, "The user was deleted");
    // Ids hold milliseconds: what is sent in that of the deletion is a deleted user's.
    if (Date.now() <= now) await scheduler.wait(1);
    return deleted;
  }

  async setUserActive(uid: string, isActive: boolean, actor: Actor, uidHash: string): Promise<boolean> {
    const isThere = await this.#changeUsers((now) => {
      const wasActive = this.#users.listInactive([uid]).length === 0;
      const isKnown = this.#users.setActive(uid, isActive, now);
      if (isKnown && wasActive !== isActive) {
        this.#erasureCalls.addAudit(isActive ? "user.activated" : "user.deactivated", actor, uidHash, now);
      }
      return isKnown;
    });
    if (!isActive) this.#sockets.closeUser(uid, "The user was deactivated");
    return isThere;
  }

  listTokens(uid: string): IssuedToken[] {
    const validFrom = this.#tokenBounds.validFrom(uid);
    return this.#tokens.list(uid, Date.now()).filter(({ issuedAt }) => issuedAt >= validFrom);
  }

  removeToken(uid: string, token: TokenTimes, actor: Actor, uidHash: string): void {
    this.#due.transaction(() => {
      if (this.#tokens.isRemoved(uid, token.issuedAt)) return;
      this.#tokens.remove(uid, token);
      this.#erasureCalls.addAudit("user.token_removed", actor, uidHash, Date.now());
    });
    this.#sockets.closeUser(uid, "A token of the user was removed");
  }

  listUsers(filter: UserFilter, slice: UserSlice): UserPart {
    return this.#users.list(filter, slice);
  }

  countUsers(filter: UserFilter): number {
    return this.#users.count(filter);
  }

  async countActiveUsers(): Promise<number> {
    await this.#userCount.tell();
    return this.#userCount.active;
  }

  listFeed(caller: FeedCaller, filter: FeedFilter): Outcome<FeedItem[]> {
    if (!this.#accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    return succeed(this.#feed.list(caller.userId, filter));
  }

  countUnread(caller: FeedCaller): Outcome<number> {
    if (!this.#accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    return succeed(this.#feed.countUnread(caller.userId));
  }

  markFeedItem(
    caller: FeedCaller,
    notificationId: string,
    channelKey: string | null,
    kind: Engagement,
  ): Outcome<FeedItem[]> {
    if (!this.#accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    const items = this.#engage(caller.userId, (now) =>
      this.#feed.mark(caller.userId, notificationId, channelKey, kind, now),
    );
    return items === null
      ? refuse("ERR_NOT_FOUND", "This user's feed has no such notification.")
      : succeed(items);
  }

  markAllViewed(caller: FeedCaller): Outcome<number> {
    if (!this.#accepts(caller)) return REFUSED_TOKEN;
    this.#bringIn(caller.userId);
    return succeed(this.#engage(caller.userId, (now) => this.#feed.markAllViewed(caller.userId, now)));
  }

  recordEngagement(event: ClientEngagement): Outcome<null> {
    return this.#engage(event.userId, (now) => {
      this.#arrivals.bringInOf(event.notificationId, event.userId);
      return this.#engagements.record(event, now);
    });
  }

  readUserHistory(userId: string, before: FeedPosition | null, limit: number): UserHistory {
    this.#bringIn(userId);
    return this.#log.readUserHistory(userId, before, limit);
  }

  acceptsToken(caller: FeedCaller): boolean {
    return this.#accepts(caller);
  }

  /** Opens a feed socket. Only the Worker calls this, after it has checked the token. */
  override async fetch(request: Request): Promise<Response> {
    const params = new URL(request.url).searchParams;
    const userId = params.get("userId") ?? "";
    const expiresAt = Number(params.get("expiresAt"));
    if (!this.#accepts({ userId, issuedAt: Number(params.get("issuedAt")) })) {
      return new Response(null, { status: 401 });
    }
    const now = Date.now();
    const ticket = params.get("ticket");
    if (ticket !== null && !this.#spendTicket(ticket, Number(params.get("ticketExpiresAt")), now)) {
      return new Response(null, { status: 401 });
    }
    this.#bringIn(userId);
    const client = this.#sockets.accept(userId, expiresAt, this.#feed.countUnread(userId), now);
    if (client === null) return new Response(null, { status: 429 });
    this.#due.bringForward(SOCKETS_DUTY, "", expiresAt);
    this.#users.noteSeen(userId, Date.now());
    const protocol = params.get("protocol");
    return new Response(null, {
      status: 101,
      webSocket: client,
      headers: protocol === null ? {} : { "sec-websocket-protocol": protocol },
    });
  }

  /** The socket only pushes; `ping` is answered without waking this object. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 only describe a missing close frame; they must not be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  async erase(): Promise<void> {
    this.#sockets.closeAll("The app was deleted");
    await this.#due.eraseObject();
  }

  async ensureAlarm(): Promise<void> {
    await this.#due.ensureAlarm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#duties.run(info);
  }

  #listDuties(): Duty[] {
    return [
      this.#reporter.outbox,
      {
        kind: DISPATCH_DUTY,
        serve: (_, now) => this.#outbox.wake(now).finally(() => this.#reporter.schedule("batch")),
      },
      { kind: PROBE_DUTY, serve: (_, now) => this.#outbox.probe(now) },
      { kind: VALUES_DUTY, serve: (_, now) => this.#serveValues(now) },
      { kind: ERASE_DUTY, serve: (_, now) => this.#serveErasure(now) },
      { kind: RECOUNT_DUTY, serve: (_, now) => this.#recountSlice(now) },
      this.#erasureCalls.outbox,
      this.#userCount.outbox,
      this.#directory.outbox,
      this.#webhooks.outbox,
      { kind: CLAIMS_DUTY, serve: (_, now) => this.#serveClaims(now) },
      { kind: SOCKETS_DUTY, serve: (_, now) => this.#serveSockets(now) },
      { kind: RETENTION_DUTY, serve: (_, now) => this.#serveRetention(now) },
    ];
  }

  #serveValues(now: number): void {
    const before = firstIdAt(retriedBefore(now, readConfig(this.env).retentionMs));
    const more = this.#due.transaction(() => dropRawValues(this.ctx.storage.sql, before, VALUES_SLICE));
    this.#due.set(VALUES_DUTY, "", more ? now : now + DAY_MS);
  }

  #serveErasure(now: number): void {
    this.#due.transaction(() => this.#erasure.serve(now));
    this.#reporter.schedule("batch");
  }

  #serveClaims(now: number): void {
    this.#due.transaction(() => this.#due.setCleanup(CLAIMS_DUTY, this.#claims.deleteExpired(now), now));
  }

  /** A socket outlives its token by a second at most, so this isn't a clean-up: it costs by what ends now. */
  #serveSockets(now: number): void {
    const next = this.#sockets.closeExpired(now);
    if (next === null) this.#due.remove(SOCKETS_DUTY, "");
    else this.#due.set(SOCKETS_DUTY, "", next);
  }

  /** One slice. */
  #serveRetention(now: number): void {
    const { retentionMs } = readConfig(this.env);
    this.#due.transaction(() => {
      const hasMore = this.#retention.deleteExpired(firstIdAt(now - retentionMs));
      // Tokens from before a deletion stay refused, and so does all that was accepted before it.
      if (!hasMore) this.#tombstones.forgetBefore(now - retentionMs - MAX_TOKEN_TTL_SECONDS * 1000);
      const haveMoreBounds = this.#tokenBounds.forget(now);
      this.#due.setCleanup(RETENTION_DUTY, { hasMore: hasMore || haveMoreBounds, at: now + DAY_MS }, now);
    });
  }

  #spendTicket(id: string, expiresAt: number, now: number): boolean {
    return this.#due.transaction(() => {
      this.#due.ensure(RETENTION_DUTY, "", now + DAY_MS);
      return this.#tokenBounds.spendTicket(id, expiresAt, now);
    });
  }

  /** What a ledger holds of users who were deleted before this came: it is told again. In the transaction. */
  #noteGone({ id, mode }: NotificationHeader, gone: readonly string[], now: number): void {
    if (mode !== "realtime") return;
    for (const uid of gone) this.#erasureCalls.addForgotten(uid, [id], now);
  }

  #recountSlice(now: number): void {
    const more = this.#due.transaction(() => {
      this.#reporter.noteChange(now);
      return this.#recount.serve();
    });
    if (more) this.#due.set(RECOUNT_DUTY, "", now);
    else this.#due.remove(RECOUNT_DUTY, "");
    this.#reporter.schedule("batch");
  }

  /** Null where the registry can't say it now: then the user is created, as a quota is no reason to turn anybody away. */
  #readUserRoom(): Promise<UserRoom | null> {
    return this.#userCount.readRoom(Date.now()).catch((error: unknown) => {
      this.#logError("asking for the quota of users failed", error);
      return null;
    });
  }

  /** Changes the records of users, in a transaction. Resolves when the registry knows how many there are, but soon. */
  async #changeUsers<T>(work: (now: number) => T): Promise<T> {
    const now = Date.now();
    const result = this.#due.transaction(() => {
      const changed = work(now);
      this.#userCount.noteChange(now);
      return changed;
    });
    // What isn't told is told by the alarm: the change stands.
    const told = this.#userCount.tell().catch((error: unknown) => {
      this.#logError("telling the count failed", error);
    });
    await Promise.race([told, scheduler.wait(COUNT_WAIT_MS)]);
    return result;
  }

  /** What of the rows that were written in this transaction waits in the outbox. */
  #leaseNew({ header, slices }: DeliverRequest, leaseMs: number, now: number): DispatchLease[] {
    return slices.flatMap(({ outbox }) => {
      if (outbox === null) return [];
      const lane = { notificationId: header.id, channelKey: outbox.channelKey, isSlow: false };
      const lease = this.#outbox.lease({ ...lane, blocked: [], leaseMs }, now);
      return lease === null ? [] : [lease];
    });
  }

  /** Not waited for: should it fail, the alarm sends the messages. */
  #enqueueNew(notificationId: string, pending: [channelKey: string, count: number][]): void {
    this.#outbox
      .enqueueNew(notificationId, pending)
      .catch((error: unknown) => this.#logError("enqueueing dispatches failed", error));
  }

  #logError(message: string, error: unknown): void {
    console.error({ message, app: this.#identity.appId, shard: this.#identity.shard, error });
  }

  /** What arrived for a user since somebody last looked has rows of its own from now on. */
  #bringIn(userId: string): void {
    if (!this.#arrivals.isCurrent(userId)) this.#due.transaction(() => this.#arrivals.bringIn(userId));
  }

  #allows(caller: FeedCaller | null): boolean {
    return caller === null || this.#accepts(caller);
  }

  #accepts({ userId, issuedAt }: FeedCaller): boolean {
    if (!this.#users.acceptsToken(userId, issuedAt) || this.#tokens.isRemoved(userId, issuedAt)) return false;
    return issuedAt >= this.#tokenBounds.validFrom(userId);
  }

  #engage<T>(userId: string, work: (now: number) => T): T {
    const now = Date.now();
    const result = this.#due.transaction(() => {
      this.#reporter.noteChange(now);
      return work(now);
    });
    this.#reporter.schedule("single");
    this.#sockets.sendUnreadCount(userId, this.#feed.countUnread(userId));
    return result;
  }

  #pushToSockets(id: string, fresh: readonly DeliveryKey[]): void {
    for (const { userId, channelKey } of fresh) {
      const item = this.#feed.get(userId, id, channelKey);
      if (item === null) continue;
      this.#sockets.sendItem(userId, item);
      this.#sockets.sendUnreadCount(userId, this.#feed.countUnread(userId));
    }
  }
}

function isSingle({ mode, total }: NotificationHeader): boolean {
  return mode === "realtime" && total === 1;
}
