import { DurableObject } from "cloudflare:workers";
import type { CredentialsSource } from "../../channels/channel.ts";
import { DISPATCHED, findContentFaults, findDispatched } from "../../channels/table.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { Credentials, PreparedChange } from "../../model/account.ts";
import type { ApiKey, AppRecord, KeyRecord, NewApiKey, NewApp } from "../../model/app.ts";
import type { Erasure } from "../../model/app-erasure.ts";
import {
  type Actor,
  type AuditFilter,
  type AuditPage,
  type Change,
  ONECALL,
  type UserAction,
} from "../../model/audit.ts";
import type { AppChannel, ChannelChange, NewChannel } from "../../model/channel.ts";
import type { LedgerRef } from "../../model/ids.ts";
import { keys } from "../../model/keys.ts";
import { LedgerList, type LedgerPage } from "../../model/ledger-list.ts";
import { MAX_WEBHOOKS } from "../../model/limits.ts";
import { type ObjectSize, SECRETS_STATES, type SecretsState } from "../../model/object-state.ts";
import { type Outcome, refuse, refuseFaults, succeed } from "../../model/outcome.ts";
import { type QuotaChange, type QuotaReport, Quotas, type Usage } from "../../model/quotas.ts";
import type { RootSecret } from "../../model/root-secret.ts";
import type { ListedTargetsFile, TargetsFile } from "../../model/targets-file.ts";
import type {
  ListedTemplate,
  ListedVersion,
  NewTemplate,
  SendableTemplate,
  Template,
  TemplateChange,
  TemplateFilter,
  TemplateRef,
  TemplateVersion,
} from "../../model/template.ts";
import type { UserNumbers } from "../../model/user.ts";
import type {
  DisabledReason,
  EndpointConfig,
  NewWebhook,
  Webhook,
  WebhookChange,
} from "../../model/webhook.ts";
import type { NewSecret } from "../../model/webhook-secrets.ts";
import { findApprovalFaults, findDraftFaults } from "../../templates/rules.ts";
import { DueTable } from "../kit/due.ts";
import { Duties } from "../kit/duties.ts";
import { isUntouched, migrate } from "../kit/migrate.ts";
import { requireRoom, sizeOf } from "../kit/room.ts";
import { SecretBox } from "../kit/secret-box.ts";
import { getEndpointStub } from "../webhook-endpoint/contract.ts";
import { AppStore } from "./app-store.ts";
import { AUDIT_DUTY, AuditStore } from "./audit-store.ts";
import { ChannelStore } from "./channel-store.ts";
import type { RegistryContract, RetryRecord } from "./contract.ts";
import {
  describeChannelChange,
  describeDisabledWebhook,
  describeFileDeletion,
  describeKey,
  describeNewApp,
  describeNewChannel,
  describeNewTemplate,
  describeNewWebhook,
  describeQuotas,
  describeRootRotation,
  describeSecretRotation,
  describeTemplateChange,
  describeUpload,
  describeWebhookChange,
  describeWebhookDeletion,
} from "./describe-change.ts";
import { EndpointCalls } from "./endpoint-calls.ts";
import { AppErasure, ERASE_DUTY } from "./erasure.ts";
import { TargetsFileStore } from "./file-store.ts";
import { KvOutbox } from "./kv-outbox.ts";
import { ProviderStore } from "./provider-store.ts";
import { ROOT_DUTY, RootSecretStore } from "./root-secret-store.ts";
import { REGISTRY_SCHEMA } from "./schema.ts";
import { TemplateStore } from "./template-store.ts";
import { UserCountStore } from "./user-count-store.ts";
import { WebhookStore } from "./webhook-store.ts";

/** Ledgers that are woken: of the retention's days, each with all its slots, and some more. */
const MAX_LISTED_LEDGERS = 50_000;

/** An app's channels, templates, keys and secret: the source of truth that KV mirrors. */
export class Registry extends DurableObject<Bindings> implements RegistryContract {
  readonly #due: DueTable;
  readonly #duties: Duties;
  readonly #mirror: KvOutbox;
  readonly #audit: AuditStore;
  readonly #app: AppStore;
  readonly #roots: RootSecretStore;
  readonly #channels: ChannelStore;
  readonly #templates: TemplateStore;
  readonly #files: TargetsFileStore;
  /** By type of channels. */
  readonly #credentials: ReadonlyMap<string, CredentialsSource>;
  readonly #ledgers: LedgerList;
  readonly #erasure: AppErasure;
  readonly #userCounts: UserCountStore;
  readonly #webhooks: WebhookStore;
  readonly #endpointCalls: EndpointCalls;
  readonly #box: SecretBox;
  readonly #quotas: Quotas;
  readonly #providers: ProviderStore;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    if (!isUntouched(ctx.storage)) migrate(ctx.storage, REGISTRY_SCHEMA);
    const { sql } = ctx.storage;
    this.#due = new DueTable(ctx.storage);
    this.#mirror = new KvOutbox(sql, env.CONFIG, this.#due);
    this.#audit = new AuditStore(sql, this.#due);
    this.#app = new AppStore(sql);
    this.#ledgers = new LedgerList(sql);
    this.#quotas = new Quotas(sql);
    this.#box = new SecretBox(sql, env, ctx.id.name ?? "");
    this.#roots = new RootSecretStore(sql, this.#due, this.#box);
    this.#providers = new ProviderStore(sql, this.#box);
    this.#channels = new ChannelStore(sql, this.#providers);
    this.#templates = new TemplateStore(sql);
    this.#files = new TargetsFileStore(sql);
    this.#webhooks = new WebhookStore(sql, this.#box);
    this.#userCounts = new UserCountStore(sql);
    this.#endpointCalls = new EndpointCalls({
      sql,
      due: this.#due,
      // An app that ends has no endpoints, whatever is still to be told.
      getConfig: (id) => (this.#erasure.get() === null ? this.#webhooks.getConfig(id) : null),
      tell: (id, config) => getEndpointStub(this.env, this.#requireRecord().id, id).configure(config),
    });
    this.#erasure = new AppErasure({ sql, env, due: this.#due, ledgers: this.#ledgers });
    this.#duties = new Duties(ctx.storage, this.#due, ctx.id.name ?? "", [
      this.#mirror.outbox,
      this.#endpointCalls.outbox,
      { kind: AUDIT_DUTY, serve: (_, now) => this.#due.transaction(() => this.#audit.expire(now)) },
      { kind: ROOT_DUTY, serve: (_, now) => this.#due.transaction(() => this.#roots.deleteEnded(now)) },
      { kind: ERASE_DUTY, serve: () => this.#erase() },
    ]);
    const { push: config } = readConfig(env);
    this.#credentials = new Map(
      DISPATCHED.map(({ type, account }) => [type, account.openCredentials(this.#providers, config)]),
    );
    this.#refreshSecrets();
  }

  /** Sees that the app's secrets are sealed, and with the deployment's newest key. */
  #refreshSecrets(): void {
    if (!this.#exists()) return;
    try {
      this.#due.transaction(() => {
        this.#box.rewrap();
        this.#roots.sealAll();
        this.#providers.sealAll();
        this.#webhooks.sealAll();
      });
    } catch (error) {
      // The object can be opened all the same: what needs a secret fails, and says so.
      console.error({ message: "an app's secrets can't be read", app: this.ctx.id.name, error });
    }
  }

  readQuotas(): QuotaReport | null {
    return this.#exists() ? this.#quotas.report() : null;
  }

  async setQuotas(change: QuotaChange, actor: Actor): Promise<Outcome<QuotaReport>> {
    return this.#change(() => {
      if (!this.#exists()) return refuse("ERR_NOT_FOUND", "There is no such app.");
      const before = this.#quotas.report();
      this.#quotas.set(change);
      const after = this.#quotas.report();
      this.#record(actor, describeQuotas(this.#requireRecord().id, before, after));
      return succeed(after);
    });
  }

  async readSecretsState(): Promise<SecretsState | null> {
    if (!this.#exists()) return null;
    this.#refreshSecrets();
    const { id: appId } = this.#requireRecord();
    const endpoints = this.#webhooks
      .listIds()
      .map((webhookId) => getEndpointStub(this.env, appId, webhookId).readSecretsState());
    const states = [this.#box.getState(), ...(await Promise.all(endpoints))];
    return SECRETS_STATES.findLast((state) => states.includes(state)) ?? null;
  }

  async createApp(app: NewApp, firstKey: NewApiKey, actor: Actor): Promise<Outcome<AppRecord>> {
    migrate(this.ctx.storage, REGISTRY_SCHEMA);
    return this.#changeAnyway(() => {
      const erasure = this.#erasure.get();
      if (erasure !== null || this.#app.exists()) {
        // Never used again: what began under the old app's name must not end in a new one's.
        const fate =
          erasure === null ? "exists" : erasure.step === "erased" ? "was deleted" : "is being deleted";
        return refuse("ERR_CONFLICT", `An app with the id "${app.id}" ${fate}. Choose another id.`);
      }
      this.#app.create(app, firstKey.checkSecret, Date.now());
      this.#roots.create();
      this.#record(actor, [describeNewApp(app)]);
      this.#addKey(firstKey, actor);
      this.#mirrorApp();
      return succeed(this.#requireRecord());
    });
  }

  getApp(): AppRecord | null {
    return this.#exists() ? this.#requireRecord() : null;
  }

  async deleteApp(name: string): Promise<Outcome<Erasure>> {
    return this.#changeAnyway(() => {
      if (isUntouched(this.ctx.storage) || !this.#app.exists())
        return refuse("ERR_NOT_FOUND", "There is no such app.");
      const { id, name: own } = this.#requireRecord();
      if (name !== own) {
        const message = `must be the app's name, "${own}": deleting it can't be undone`;
        return refuseFaults([{ field: "name", message }]);
      }
      const running = this.#erasure.get();
      if (running !== null) return succeed(running);
      this.#erasure.start(Date.now());
      for (const sha256 of this.#app.listKeyHashes()) this.#mirror.put(keys.kvApiKey(sha256), null);
      for (const { id: templateId, key } of this.#templates.listAll()) {
        this.#mirror.put(keys.kvTemplate(id, key), null);
        this.#mirror.put(keys.kvTemplateId(id, templateId), null);
      }
      this.#mirror.put(keys.kvApp(id), null);
      return succeed(this.#erasure.get() ?? { startedAt: Date.now(), step: "copies" });
    });
  }

  getRootSecret(): string | null {
    return this.listRootSecrets()[0]?.secret ?? null;
  }

  listRootSecrets(): RootSecret[] {
    return this.#exists() ? this.#roots.list(Date.now()) : [];
  }

  async rotateRootSecret(
    graceMs: number,
    actor: Actor,
  ): Promise<Outcome<{ generation: number; previousUntil: number }>> {
    return this.#change(() => {
      if (!this.#exists()) return refuse("ERR_NOT_FOUND", "There is no such app.");
      const rotated = this.#roots.rotate(graceMs, Date.now());
      if (rotated.ok) this.#record(actor, [describeRootRotation(this.#requireRecord().id, rotated.value)]);
      return rotated;
    });
  }

  async ensureKeyCheck(): Promise<string | null> {
    if (!this.#exists()) return null;
    const { secret } = this.#requireRecord().keyCheck;
    if (secret !== null) return secret;
    const ensured = this.#due.transaction(() => {
      const made = this.#app.ensureKeyCheck();
      this.#mirrorApp();
      return made;
    });
    await this.#mirror.drain();
    return ensured;
  }

  async createKey(key: NewApiKey, actor: Actor): Promise<Outcome<ApiKey>> {
    return this.#change(() => {
      if (!this.#exists()) return refuse("ERR_NOT_FOUND", "There is no such app.");
      return this.#quotas.check("keys") ?? succeed(this.#addKey(key, actor));
    });
  }

  listKeys(): ApiKey[] | null {
    return this.#exists() ? this.#app.listKeys() : null;
  }

  getKey(sha256: string): KeyRecord | null {
    return this.#exists() ? this.#app.getKey(sha256) : null;
  }

  async revokeKey(keyId: string, actor: Actor): Promise<Outcome<ApiKey>> {
    return this.#change(() => {
      const revoked = !this.#exists() ? null : this.#app.deleteKey(keyId);
      if (revoked === null) return refuse("ERR_NOT_FOUND", "There is no such key.");
      this.#quotas.add("keys", -1);
      this.#mirror.put(keys.kvApiKey(revoked.sha256), null);
      // With the last key of an earlier version gone, all keys have the check.
      if (!revoked.isChecked) this.#mirrorApp();
      this.#record(actor, [describeKey("key.revoked", revoked.key)]);
      return succeed(revoked.key);
    });
  }

  listChannels(): AppChannel[] {
    return this.#channels.list();
  }

  getChannel(idOrKey: string): AppChannel | null {
    return this.#channels.get(idOrKey);
  }

  async createChannel(
    channel: NewChannel,
    providers: readonly PreparedChange[],
    actor: Actor,
  ): Promise<Outcome<AppChannel>> {
    requireRoom(this.ctx.storage, this.env);
    return this.#change(() => {
      const outcome = this.#quotas.check("channels") ?? this.#channels.create(channel, providers, Date.now());
      if (!outcome.ok) return outcome;
      this.#quotas.add("channels", 1);
      this.#mirrorApp();
      this.#record(actor, describeNewChannel(outcome.value));
      return outcome;
    });
  }

  async updateChannel(idOrKey: string, change: ChannelChange, actor: Actor): Promise<Outcome<AppChannel>> {
    return this.#change(() => {
      const before = this.#channels.get(idOrKey);
      const outcome = this.#channels.update(idOrKey, change, Date.now());
      if (!outcome.ok || before === null) return outcome;
      this.#mirrorApp();
      this.#record(actor, describeChannelChange(before, outcome.value));
      return outcome;
    });
  }

  async getCredentials(channelKey: string, provider: string, refused: string | null): Promise<Credentials> {
    const channel = this.#channels.get(channelKey);
    if (channel === null) return { found: "none" };
    const source = this.#credentials.get(channel.type);
    return (await source?.get(channel.id, provider, refused, Date.now())) ?? { found: "none" };
  }

  getTemplate(idOrKey: string): Template | null {
    return this.#templates.get(idOrKey);
  }

  listTemplates(filter: TemplateFilter): ListedTemplate[] {
    return this.#templates.list(filter);
  }

  listTemplateNames(ids: readonly string[]): [id: string, name: string][] {
    return this.#templates.listNames(ids);
  }

  listTemplateVersions(idOrKey: string, beforeVersion: number | null, limit: number): ListedVersion[] | null {
    return this.#templates.listVersions(idOrKey, beforeVersion, limit);
  }

  getTemplateVersion(idOrKey: string, version: number): TemplateVersion | null {
    const template = this.#templates.get(idOrKey);
    return template === null ? null : this.#templates.getVersion(template.id, version);
  }

  async createTemplate(template: NewTemplate, actor: Actor): Promise<Outcome<Template>> {
    requireRoom(this.ctx.storage, this.env);
    return this.#change(() => {
      const faults = findDraftFaults(template, this.#channels.list(), findContentFaults);
      if (faults.length > 0) return refuseFaults(faults);
      const outcome = this.#quotas.check("templates") ?? this.#templates.create(template, Date.now());
      if (outcome.ok) this.#quotas.add("templates", 1);
      if (outcome.ok) this.#record(actor, [describeNewTemplate(outcome.value)]);
      return outcome;
    });
  }

  async updateTemplate(idOrKey: string, change: TemplateChange, actor: Actor): Promise<Outcome<Template>> {
    if (change.content !== undefined) requireRoom(this.ctx.storage, this.env);
    return this.#change(() => {
      const template = this.#templates.get(idOrKey);
      if (template === null) return refuse("ERR_TEMPLATE_NOT_FOUND", "There is no such template.");
      const next = { ...template, ...withoutUndefined(change) };
      const faults = findDraftFaults(next, this.#channels.list(), findContentFaults);
      if (change.status === "approved") faults.add(findApprovalFaults(next));
      if (faults.length > 0) return refuseFaults(faults);
      const now = Date.now();
      // What changes no content, archiving among it, needs no room.
      if (this.#templates.isNewVersion(template, change)) {
        const kept = this.#templates.makeRoom(template.id, this.#quotas.limitOf("templateVersions"), now);
        const refused = this.#quotas.check("templateVersions", 1, kept);
        if (refused !== null) return refused;
      }
      let updated = this.#templates.update(template, change, now);
      if (change.status !== undefined) updated = this.#templates.setStatus(updated, change.status, now);
      this.#mirrorTemplate(updated);
      this.#record(actor, describeTemplateChange(template, updated));
      return succeed(updated);
    });
  }

  findTemplate(ref: TemplateRef): Outcome<SendableTemplate> {
    const template = this.#requireTemplate(ref);
    if (template === null) {
      return refuse("ERR_TEMPLATE_NOT_FOUND", `There is no template "${Object.values(ref)[0]}".`);
    }
    const sendable = this.#templates.getSendable(template);
    if (sendable !== null) return succeed(sendable);
    const { key } = template;
    const how = `Approve it with PUT …/templates/${key} {"status": "approved"}.`;
    return refuse("ERR_TEMPLATE_NOT_APPROVED", `The template "${key}" isn't approved. ${how}`);
  }

  findTemplateVersion(ref: TemplateRef, version: number): SendableTemplate | null {
    const template = this.#requireTemplate(ref);
    return template === null ? null : this.#templates.getSendableVersion(template, version);
  }

  getTargetsFile(fileKey: string): TargetsFile | null {
    return this.#files.get(fileKey, Date.now());
  }

  listTargetsFiles(beforeId: string | null, limit: number): ListedTargetsFile[] {
    return this.#files.list(beforeId, limit, Date.now());
  }

  putTargetsFile(
    file: Omit<TargetsFile, "id">,
    mayOverwrite: boolean,
    actor: Actor,
  ): Outcome<{ id: string }> {
    if (!this.#exists()) return refuse("ERR_NOT_FOUND", "There is no such app any more.");
    requireRoom(this.ctx.storage, this.env);
    return this.#due.transaction(() => {
      const now = Date.now();
      this.#quotas.add("files", -this.#files.expire(now));
      const replaced = this.#files.get(file.fileKey, now);
      const more = this.#files.has(file.fileKey) ? 0 : 1;
      const refused =
        this.#quotas.check("files", more) ?? this.#quotas.check("uploadedBytesPerDay", file.size);
      if (refused !== null) return refused;
      const stored = this.#files.put(file, mayOverwrite, now);
      if (stored === null) {
        const message = `A targets file with the key "${file.fileKey}" exists. Use another key, or allow overwriting.`;
        return refuse("ERR_CONFLICT", message);
      }
      this.#quotas.add("files", more);
      this.#quotas.add("uploadedBytesPerDay", file.size);
      this.#record(actor, [describeUpload(stored, replaced)]);
      return succeed({ id: stored.id });
    });
  }

  deleteTargetsFile(fileKey: string, actor: Actor): boolean {
    return this.#due.transaction(() => {
      const file = this.#files.get(fileKey, Date.now());
      if (file !== null) this.#record(actor, [describeFileDeletion(file)]);
      const isDeleted = this.#files.delete(fileKey);
      if (isDeleted) this.#quotas.add("files", -1);
      return isDeleted;
    });
  }

  listAuditLog(filter: AuditFilter): AuditPage {
    return this.#audit.list(filter);
  }

  listWebhooks(beforeId: string | null, limit: number): Webhook[] {
    return this.#webhooks.list(beforeId, limit, Date.now());
  }

  getWebhook(id: string): Webhook | null {
    return this.#webhooks.get(id, Date.now());
  }

  getWebhookConfig(id: string): EndpointConfig | null {
    return this.#exists() ? this.#webhooks.getConfig(id) : null;
  }

  async createWebhook(webhook: NewWebhook, secret: NewSecret, actor: Actor): Promise<Outcome<Webhook>> {
    requireRoom(this.ctx.storage, this.env);
    return this.#changeWebhook(() => {
      const created =
        (this.#quotas.limitOf("webhooks") < MAX_WEBHOOKS ? this.#quotas.check("webhooks") : null) ??
        this.#webhooks.create(webhook, secret, Date.now());
      if (created.ok) this.#quotas.add("webhooks", 1);
      if (created.ok) this.#record(actor, [describeNewWebhook(created.value)]);
      return created;
    });
  }

  async updateWebhook(id: string, change: WebhookChange, actor: Actor): Promise<Outcome<Webhook>> {
    return this.#changeWebhookOf(id, actor, describeWebhookChange, (now) =>
      this.#webhooks.update(id, change, now),
    );
  }

  async rotateWebhookSecret(
    id: string,
    secret: NewSecret,
    graceMs: number,
    actor: Actor,
  ): Promise<Outcome<Webhook>> {
    return this.#changeWebhookOf(id, actor, describeSecretRotation, (now) =>
      this.#webhooks.rotateSecret(id, secret, graceMs, now),
    );
  }

  async deleteWebhook(id: string, actor: Actor): Promise<Outcome<{ id: string }>> {
    return this.#changeWebhookOf(id, actor, describeWebhookDeletion, () => {
      const deleted = this.#webhooks.delete(id);
      if (deleted.ok) this.#quotas.add("webhooks", -1);
      return deleted;
    });
  }

  async disableWebhook(id: string, reason: DisabledReason, revision: number): Promise<void> {
    await this.#changeWebhook(() => {
      const disabled = this.#webhooks.disable(id, reason, revision, Date.now());
      if (disabled === null) return refuse("ERR_CONFLICT", "The webhook has changed.");
      this.#record(ONECALL, [describeDisabledWebhook(disabled)]);
      return succeed(disabled);
    });
  }

  registerLedger(ledger: LedgerRef): number | null {
    if (!this.#exists()) return null;
    this.#ledgers.add(ledger);
    return this.#quotas.limitOf("tags");
  }

  forgetLedger(ledger: LedgerRef): void {
    if (!isUntouched(this.ctx.storage)) this.#ledgers.remove(ledger);
  }

  hasLedger(ledger: LedgerRef): boolean {
    return this.#exists() && this.#ledgers.has(ledger);
  }

  listLedgers(fromDay: string | null, toDay: string | null, maxLedgers: number): LedgerPage {
    return this.#exists() ? this.#ledgers.list(fromDay, toDay, maxLedgers) : { days: [], nextDay: null };
  }

  readSize(): ObjectSize {
    return sizeOf(this.ctx.storage, this.env);
  }

  async growLedgerSlots(): Promise<void> {
    await this.#change(() => {
      if (!this.#exists() || !this.#app.growLedgerSlots(Date.now())) {
        return refuse("ERR_CONFLICT", "There are as many ledgers a day as there may be now.");
      }
      this.#mirrorApp();
      return succeed(null);
    });
  }

  recordRetry({ auditId, actor, notificationId, details }: RetryRecord): void {
    const change: Change = {
      action: "notification.retried",
      target: { type: "notification", id: notificationId },
      details,
    };
    if (!this.#exists()) return;
    this.#due.transaction(() => this.#audit.put(auditId, actor, change));
  }

  noteUserCount(shard: number, numbers: UserNumbers): Usage | null {
    if (!this.#exists()) return null;
    return this.#due.transaction(() => {
      const more = this.#userCounts.note(shard, numbers);
      if (more !== 0) this.#quotas.add("users", more);
      return this.#quotas.read("users");
    });
  }

  listUserCounts(): (number | null)[] {
    return this.#exists() ? this.#userCounts.list(this.#requireRecord().shardCount) : [];
  }

  recordUserChange(auditId: string, actor: Actor, action: UserAction, uidHash: string): void {
    const change: Change = { action, target: { type: "user", id: uidHash }, details: {} };
    if (!this.#exists()) return;
    this.#due.transaction(() => this.#audit.put(auditId, actor, change));
  }

  listObjects(): { shardCount: number; ledgers: LedgerRef[]; webhookIds: string[] } | null {
    const app = this.getApp();
    if (app === null) return null;
    const ledgers = this.#ledgers.listAfter(null, MAX_LISTED_LEDGERS);
    return { shardCount: app.shardCount, ledgers, webhookIds: this.#webhooks.listIds() };
  }

  async ensureAlarm(): Promise<void> {
    if (!isUntouched(this.ctx.storage)) await this.#due.ensureAlarm();
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await this.#duties.run(info);
  }

  async #erase(): Promise<void> {
    // The first step is over when KV has forgotten the app.
    await this.#mirror.drain();
    await this.#erasure.serve(this.#requireRecord(), this.#webhooks.listIds(), this.#mirror.isEmpty());
  }

  /** One change with its outbox rows in one transaction, then the writes to KV. An app that ends has none. */
  async #change<T>(work: () => Outcome<T>): Promise<Outcome<T>> {
    if (!isUntouched(this.ctx.storage) && this.#erasure.get() !== null) {
      return refuse("ERR_NOT_FOUND", "There is no such app.");
    }
    return this.#changeAnyway(work);
  }

  async #changeAnyway<T>(work: () => Outcome<T>): Promise<Outcome<T>> {
    const outcome = this.#due.transaction(work);
    if (outcome.ok) await this.#mirror.drain();
    return outcome;
  }

  /** The same for a change of a webhook endpoint, which its object and the sends are to know of. */
  async #changeWebhook<T extends { id: string }>(work: () => Outcome<T>): Promise<Outcome<T>> {
    const outcome = await this.#change(() => {
      const changed = work();
      if (!changed.ok) return changed;
      this.#endpointCalls.note(changed.value.id);
      this.#mirrorApp();
      return changed;
    });
    if (outcome.ok) await this.#endpointCalls.drain();
    return outcome;
  }

  /** A change by a call, which the audit log has too. */
  async #changeWebhookOf<T extends { id: string }>(
    id: string,
    actor: Actor,
    describe: (before: Webhook, after: T) => Change[],
    work: (now: number) => Outcome<T>,
  ): Promise<Outcome<T>> {
    return this.#changeWebhook(() => {
      const now = Date.now();
      const before = this.#webhooks.get(id, now);
      const changed = work(now);
      if (changed.ok && before !== null) this.#record(actor, describe(before, changed.value));
      return changed;
    });
  }

  /** False in an object that no app was created in: asking it must not write anything. */
  #exists(): boolean {
    return !isUntouched(this.ctx.storage) && this.#app.exists() && this.#erasure.get() === null;
  }

  /** Inside the transaction of the change. */
  #record(actor: Actor, changes: readonly Change[]): void {
    for (const change of changes) this.#audit.append(actor, change);
  }

  #addKey(key: NewApiKey, actor: Actor): ApiKey {
    const { record, listed } = this.#app.addKey(key, Date.now());
    this.#quotas.add("keys", 1);
    this.#record(actor, [describeKey("key.created", listed)]);
    this.#mirror.put(keys.kvApiKey(key.sha256), record);
    return listed;
  }

  #mirrorApp(): void {
    const record = this.#requireRecord();
    this.#mirror.put(keys.kvApp(record.id), record);
  }

  #mirrorTemplate(template: Template): void {
    const { id: appId } = this.#requireRecord();
    this.#mirror.put(keys.kvTemplate(appId, template.key), this.#templates.getSendable(template));
    this.#mirror.put(keys.kvTemplateId(appId, template.id), template.key);
  }

  #requireTemplate(ref: TemplateRef): Template | null {
    if ("keyOrId" in ref) return this.#templates.get(ref.keyOrId);
    const template = this.#templates.get("key" in ref ? ref.key : ref.id);
    if (template === null) return null;
    return ("key" in ref ? template.key === ref.key : template.id === ref.id) ? template : null;
  }

  #requireRecord(): AppRecord {
    const channels = this.#channels.list().map(({ key, type, enabled, providers }) => ({
      key,
      type,
      enabled,
      providers: [...providers.keys()],
      pushHosts: findDispatched(type)?.account.listAllowedHosts(providers) ?? [],
    }));
    return this.#app.getRecord({ channels, webhooks: this.#webhooks.listEnabled() });
  }
}

function withoutUndefined<T extends object>(change: T): Partial<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<T>;
}
