import { type Bindings, readConfig } from "../../env.ts";
import { firstIdAt } from "../../model/ids.ts";
import { MAX_TOKEN_TTL_SECONDS } from "../../model/limits.ts";
import { retriedBefore } from "../../model/retry-window.ts";
import { Duties, type Duty } from "../kit/duties.ts";
import type { UserShardContract } from "./contract.ts";
import { DISPATCH_DUTY, PROBE_DUTY } from "./dispatch-circuits.ts";
import { CLAIMS_DUTY, RETENTION_DUTY, SOCKETS_DUTY, VALUES_DUTY } from "./duty-kinds.ts";
import { FeedCalls } from "./feed-calls.ts";
import { RECOUNT_DUTY } from "./recount.ts";
import { ERASE_DUTY } from "./user-erasure.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Notifications of which one turn of the alarm drops the raw values. */
const VALUES_SLICE = 5000;

/** A hash-slice of an app's users: their records, deliveries, feeds, open sockets and idempotency claims. */
export class UserShard extends FeedCalls implements UserShardContract {
  readonly #duties: Duties;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#duties = new Duties(ctx.storage, this.due, ctx.id.name ?? "", this.#listDuties());
  }

  async erase(): Promise<void> {
    this.sockets.closeAll("The app was deleted");
    await this.due.eraseObject();
  }

  async ensureAlarm(): Promise<void> {
    await this.due.ensureAlarm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#duties.run(info);
  }

  #listDuties(): Duty[] {
    return [
      this.reporter.outbox,
      {
        kind: DISPATCH_DUTY,
        serve: (_, now) => this.outbox.wake(now).finally(() => this.reporter.schedule("batch")),
      },
      { kind: PROBE_DUTY, serve: (_, now) => this.outbox.probe(now) },
      { kind: VALUES_DUTY, serve: (_, now) => this.#serveValues(now) },
      { kind: ERASE_DUTY, serve: (_, now) => this.#serveErasure(now) },
      { kind: RECOUNT_DUTY, serve: (_, now) => this.#recountSlice(now) },
      this.erasureCalls.outbox,
      this.userCount.outbox,
      this.directory.outbox,
      this.webhooks.outbox,
      { kind: CLAIMS_DUTY, serve: (_, now) => this.#serveClaims(now) },
      { kind: SOCKETS_DUTY, serve: (_, now) => this.#serveSockets(now) },
      { kind: RETENTION_DUTY, serve: (_, now) => this.#serveRetention(now) },
    ];
  }

  #serveValues(now: number): void {
    const before = firstIdAt(retriedBefore(now, readConfig(this.env).retentionMs));
    const more = this.due.transaction(() => this.stores.rawValues.drop(before, VALUES_SLICE));
    this.due.set(VALUES_DUTY, "", more ? now : now + DAY_MS);
  }

  #serveErasure(now: number): void {
    this.due.transaction(() => this.erasure.serve(now));
    this.reporter.schedule("batch");
  }

  #serveClaims(now: number): void {
    this.due.transaction(() => this.due.setCleanup(CLAIMS_DUTY, this.stores.claims.deleteExpired(now), now));
  }

  /** A socket outlives its token by a second at most, so this isn't a clean-up: it costs by what ends now. */
  #serveSockets(now: number): void {
    const next = this.sockets.closeExpired(now);
    if (next === null) this.due.remove(SOCKETS_DUTY, "");
    else this.due.set(SOCKETS_DUTY, "", next);
  }

  /** Removes one slice of what has ended; the rest is the next alarm's. */
  #serveRetention(now: number): void {
    const { retentionMs } = readConfig(this.env);
    this.due.transaction(() => {
      const hasMore = this.stores.retention.deleteExpired(firstIdAt(now - retentionMs));
      // Tokens from before a deletion stay refused, and so does all that was accepted before it.
      if (!hasMore) this.stores.tombstones.forgetBefore(now - retentionMs - MAX_TOKEN_TTL_SECONDS * 1000);
      const haveMoreBounds = this.stores.tokenBounds.forget(now);
      this.due.setCleanup(RETENTION_DUTY, { hasMore: hasMore || haveMoreBounds, at: now + DAY_MS }, now);
    });
  }

  #recountSlice(now: number): void {
    const more = this.due.transaction(() => {
      this.reporter.noteChange(now);
      return this.stores.recount.serve();
    });
    if (more) this.due.set(RECOUNT_DUTY, "", now);
    else this.due.remove(RECOUNT_DUTY, "");
    this.reporter.schedule("batch");
  }
}
