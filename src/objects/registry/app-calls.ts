import type { AppRecord, NewApiKey, NewApp } from "../../model/app.ts";
import type { Erasure, ErasureProgress } from "../../model/app-erasure.ts";
import type { Actor } from "../../model/audit.ts";
import { keys } from "../../model/keys.ts";
import { NO_APP } from "../../model/missing.ts";
import { SECRETS_STATES, type SecretsState } from "../../model/object-state.ts";
import { type Outcome, refuse, refuseFaults, succeed } from "../../model/outcome.ts";
import type { QuotaChange, QuotaReport } from "../../model/quotas.ts";
import type { RootSecret } from "../../model/root-secret.ts";
import { isUntouched, migrate } from "../kit/migrate.ts";
import { getEndpointStub } from "../webhook-endpoint/contract.ts";
import { RegistryBase } from "./base.ts";
import { describeNewApp, describeQuotas, describeRootRotation } from "./describe-change.ts";
import { REGISTRY_SCHEMA } from "./schema.ts";

/** About the app itself: what it may have, its secrets, and its end. */
export class AppCalls extends RegistryBase {
  async createApp(app: NewApp, firstKey: NewApiKey, actor: Actor): Promise<Outcome<AppRecord>> {
    migrate(this.ctx.storage, REGISTRY_SCHEMA);
    return this.changeAnyway(() => {
      const erasure = this.erasure.get();
      if (erasure !== null || this.app.exists()) {
        // The id of an erased app is never given again: what began for the old app must not end in a new one.
        const fate =
          erasure === null ? "exists" : erasure.step === "erased" ? "was deleted" : "is being deleted";
        return refuse("ERR_CONFLICT", `An app with the id "${app.id}" ${fate}. Choose another id.`);
      }
      this.app.create(app, firstKey.checkSecret, Date.now());
      this.roots.create();
      this.record(actor, [describeNewApp(app)]);
      this.addKey(firstKey, actor);
      this.mirrorApp();
      return succeed(this.requireRecord());
    });
  }

  getApp(): AppRecord | null {
    return this.exists() ? this.requireRecord() : null;
  }

  async deleteApp(name: string): Promise<Outcome<Erasure>> {
    return this.changeAnyway(() => {
      if (isUntouched(this.ctx.storage) || !this.app.exists()) return NO_APP;
      const { id, name: own } = this.requireRecord();
      if (name !== own) {
        const message = `must be the app's name, "${own}": deleting it can't be undone`;
        return refuseFaults([{ field: "name", message }]);
      }
      const running = this.erasure.get();
      if (running !== null) return succeed(running);
      this.erasure.start(Date.now());
      for (const sha256 of this.app.listKeyHashes()) this.mirror.put(keys.kvApiKey(sha256), null);
      for (const { id: templateId, key } of this.templates.listAll()) {
        this.mirror.put(keys.kvTemplate(id, key), null);
        this.mirror.put(keys.kvTemplateId(id, templateId), null);
      }
      this.mirror.put(keys.kvApp(id), null);
      return succeed(this.erasure.get() ?? { startedAt: Date.now(), step: "copies" });
    });
  }

  readErasure(): Outcome<ErasureProgress> {
    if (isUntouched(this.ctx.storage)) return NO_APP;
    const shardCount = this.app.exists() ? this.requireRecord().shardCount : null;
    const progress = this.erasure.readProgress(shardCount);
    if (progress !== null) return succeed(progress);
    return shardCount === null ? NO_APP : refuse("ERR_NOT_FOUND", "Nobody has deleted this app.");
  }

  readQuotas(): Outcome<QuotaReport> {
    return this.exists() ? succeed(this.quotas.report()) : NO_APP;
  }

  async setQuotas(change: QuotaChange, actor: Actor): Promise<Outcome<QuotaReport>> {
    return this.change(() => {
      if (!this.exists()) return NO_APP;
      const before = this.quotas.report();
      this.quotas.set(change);
      const after = this.quotas.report();
      this.record(actor, describeQuotas(this.requireRecord().id, before, after));
      return succeed(after);
    });
  }

  async readSecretsState(): Promise<SecretsState | null> {
    if (!this.exists()) return null;
    this.refreshSecrets();
    const { id: appId } = this.requireRecord();
    const endpoints = this.webhooks
      .listIds()
      .map((webhookId) => getEndpointStub(this.env, appId, webhookId).readSecretsState());
    const states = [this.box.getState(), ...(await Promise.all(endpoints))];
    return SECRETS_STATES.findLast((state) => states.includes(state)) ?? null;
  }

  getRootSecret(): string | null {
    return this.listRootSecrets()[0]?.secret ?? null;
  }

  listRootSecrets(): RootSecret[] {
    return this.exists() ? this.roots.list(Date.now()) : [];
  }

  async rotateRootSecret(
    graceMs: number,
    actor: Actor,
  ): Promise<Outcome<{ generation: number; previousUntil: number }>> {
    return this.change(() => {
      if (!this.exists()) return NO_APP;
      const rotated = this.roots.rotate(graceMs, Date.now());
      if (rotated.ok) this.record(actor, [describeRootRotation(this.requireRecord().id, rotated.value)]);
      return rotated;
    });
  }
}
