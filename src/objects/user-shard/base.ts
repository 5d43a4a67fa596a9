import { DurableObject } from "cloudflare:workers";
import { handOver } from "../../delivering/hand-over.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { DeliveryKey } from "../../model/delivery.ts";
import { enqueueDispatches } from "../../queues/dispatches.ts";
import { DueTable } from "../kit/due.ts";
import { identityOf, type ShardIdentity } from "../kit/identity.ts";
import { migrate } from "../kit/migrate.ts";
import { sizeOf } from "../kit/room.ts";
import { getLedgerStub } from "../ledger/contract.ts";
import { getRegistryStub } from "../registry/contract.ts";
import { AddressDirectory } from "./address-directory.ts";
import type { FeedCaller } from "./contract.ts";
import { DeliveryEvents } from "./delivery-events.ts";
import { DispatchOutbox } from "./dispatch-outbox.ts";
import { ErasureCalls } from "./erasure-calls.ts";
import { FeedSockets } from "./feed-sockets.ts";
import { Reporter } from "./reporter.ts";
import { USER_SHARD_SCHEMA } from "./schema.ts";
import { openShardStores, type ShardStores } from "./stores.ts";
import { tellErasure } from "./tell-erasure.ts";
import { UserCount } from "./user-count.ts";
import { UserErasure } from "./user-erasure.ts";

/**
 * A user shard's stores, and what it tells others. What others may ask of it is a chain of classes above this one, an
 * area each, as a call sees what stands in an object's prototype chain and nothing else; their order means nothing.
 */
export class UserShardBase extends DurableObject<Bindings> {
  protected readonly identity: ShardIdentity;
  protected readonly due: DueTable;
  protected readonly sockets: FeedSockets;
  protected readonly stores: ShardStores;
  protected readonly webhooks: DeliveryEvents;
  protected readonly userCount: UserCount;
  protected readonly reporter: Reporter;
  protected readonly directory: AddressDirectory;
  protected readonly outbox: DispatchOutbox;
  protected readonly erasureCalls: ErasureCalls;
  protected readonly erasure: UserErasure;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    migrate(ctx.storage, USER_SHARD_SCHEMA);
    const { sql } = ctx.storage;
    this.identity = identityOf(ctx.id);
    this.due = new DueTable(ctx.storage);
    const { due } = this;
    const { appId, shard } = this.identity;
    this.sockets = new FeedSockets(ctx);
    this.webhooks = new DeliveryEvents({
      sql,
      due,
      handOver: (request) => handOver(this.env, { appId, source: this.ctx.id.name ?? "" }, request),
      getHeader: (notificationId) => this.stores.notifications.get(notificationId)?.header ?? null,
    });
    this.stores = openShardStores({
      storage: ctx.storage,
      due,
      presence: this.sockets,
      webhooks: this.webhooks,
    });
    const { notifications, addresses } = this.stores;
    this.userCount = new UserCount({
      row: this.stores.userCount,
      due,
      tell: (numbers) => getRegistryStub(this.env, appId).noteUserCount(shard, numbers),
    });
    this.reporter = new Reporter(notifications, due, (ledger, reports) =>
      getLedgerStub(this.env, appId, ledger).report(shard, reports, sizeOf(ctx.storage, this.env)),
    );
    this.directory = new AddressDirectory(env, this.identity, addresses, due);
    this.outbox = this.#makeOutbox();
    this.erasureCalls = new ErasureCalls({
      sql,
      due,
      // A flush that fails is repeated by the alarm, which reads again what there is to report.
      flushReports: () => this.reporter.flush().catch(() => {}),
      tell: (call) => tellErasure(this.env, appId, call),
    });
    this.erasure = new UserErasure({
      sql,
      due,
      stores: this.stores,
      outbox: this.outbox,
      calls: this.erasureCalls,
    });
  }

  #makeOutbox(): DispatchOutbox {
    const { appId, shard } = this.identity;
    const { deliveries, addresses, dispatches, tombstones, wakes, users, notifications } = this.stores;
    const config = readConfig(this.env);
    return new DispatchOutbox({
      deliveries,
      addresses,
      store: dispatches,
      tombstones,
      wakes,
      due: this.due,
      listInactive: (userIds) => users.listInactive(userIds),
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
            priority: notifications.get(group.notificationId)?.header.priority ?? "high",
          })),
        ),
      noteChange: (now) => this.reporter.noteChange(now),
    });
  }

  protected logError(message: string, error: unknown): void {
    console.error({ message, app: this.identity.appId, shard: this.identity.shard, error });
  }

  protected accepts({ userId, issuedAt }: FeedCaller): boolean {
    if (!this.stores.users.acceptsToken(userId, issuedAt) || this.stores.tokens.isRemoved(userId, issuedAt))
      return false;
    return issuedAt >= this.stores.tokenBounds.validFrom(userId);
  }

  protected pushToSockets(id: string, fresh: readonly DeliveryKey[]): void {
    for (const { userId, channelKey } of fresh) {
      const item = this.stores.feed.get(userId, id, channelKey);
      if (item === null) continue;
      this.sockets.sendItem(userId, item);
      this.sockets.sendUnreadCount(userId, this.stores.feed.countUnread(userId));
    }
  }
}
