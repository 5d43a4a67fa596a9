import type { Bindings } from "../../env.ts";
import type { LedgerRef } from "../../model/ids.ts";
import type { ObjectSize } from "../../model/object-state.ts";
import { Duties } from "../kit/duties.ts";
import { isUntouched } from "../kit/migrate.ts";
import { sizeOf } from "../kit/room.ts";
import { AUDIT_DUTY } from "./audit-store.ts";
import type { RegistryContract } from "./contract.ts";
import { ERASE_DUTY } from "./erasure.ts";
import { FILES_DUTY } from "./file-calls.ts";
import { ObjectCalls } from "./object-calls.ts";
import { ROOT_DUTY } from "./root-secret-store.ts";

/** Ledgers that are woken: of the retention's days, each with all its slots, and some more. */
const MAX_LISTED_LEDGERS = 50_000;

/** An app's channels, templates, keys and secret: the source of truth that KV mirrors. */
export class Registry extends ObjectCalls implements RegistryContract {
  readonly #duties: Duties;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#duties = new Duties(ctx.storage, this.due, ctx.id.name ?? "", [
      this.mirror.outbox,
      this.endpointCalls.outbox,
      { kind: AUDIT_DUTY, serve: (_, now) => this.due.transaction(() => this.audit.expire(now)) },
      { kind: ROOT_DUTY, serve: (_, now) => this.due.transaction(() => this.roots.deleteEnded(now)) },
      { kind: FILES_DUTY, serve: (_, now) => this.removeEndedFiles(now) },
      { kind: ERASE_DUTY, serve: () => this.#erase() },
    ]);
  }

  readSize(): ObjectSize {
    return sizeOf(this.ctx.storage, this.env);
  }

  listObjects(): { shardCount: number; ledgers: LedgerRef[]; webhookIds: string[] } | null {
    const app = this.getApp();
    if (app === null) return null;
    const ledgers = this.ledgers.listAfter(null, MAX_LISTED_LEDGERS);
    return { shardCount: app.shardCount, ledgers, webhookIds: this.webhooks.listIds() };
  }

  async ensureAlarm(): Promise<void> {
    if (!isUntouched(this.ctx.storage)) await this.due.ensureAlarm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#duties.run(info);
  }

  async #erase(): Promise<void> {
    // The first step is over when KV has forgotten the app.
    await this.mirror.drain();
    await this.erasure.serve(this.requireRecord(), this.webhooks.listIds(), this.mirror.isEmpty());
  }
}
