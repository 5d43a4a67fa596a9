import { DurableObject } from "cloudflare:workers";
import type { CredentialsSource } from "../../channels/channel.ts";
import { DISPATCHED, findDispatched } from "../../channels/table.ts";
import { type Bindings, readConfig } from "../../env.ts";
import type { ApiKey, AppRecord, NewApiKey } from "../../model/app.ts";
import type { Actor, Change } from "../../model/audit.ts";
import { keys } from "../../model/keys.ts";
import { NO_APP } from "../../model/missing.ts";
import type { Outcome } from "../../model/outcome.ts";
import { DueTable } from "../kit/due.ts";
import { isUntouched, migrate } from "../kit/migrate.ts";
import { SecretBox } from "../kit/secret-box.ts";
import { getEndpointStub } from "../webhook-endpoint/contract.ts";
import { AppStore } from "./app-store.ts";
import { AuditStore } from "./audit-store.ts";
import { ChannelStore } from "./channel-store.ts";
import { describeKey } from "./describe-change.ts";
import { EndpointCalls } from "./endpoint-calls.ts";
import { AppErasure } from "./erasure.ts";
import { FileAudienceStore } from "./file-audience-store.ts";
import { TargetsFileStore } from "./file-store.ts";
import { KvOutbox } from "./kv-outbox.ts";
import { LedgerListStore } from "./ledger-list-store.ts";
import { ProviderStore } from "./provider-store.ts";
import { QuotaStore } from "./quota-store.ts";
import { RootSecretStore } from "./root-secret-store.ts";
import { REGISTRY_SCHEMA } from "./schema.ts";
import { SignInCodeStore } from "./sign-in-code-store.ts";
import { TemplateStore } from "./template-store.ts";
import { UserCountStore } from "./user-count-store.ts";
import { WebhookStore } from "./webhook-store.ts";

/**
 * A registry's stores, and how they are changed. What others may ask of it is a chain of classes above this one, an
 * area each, as a call sees what stands in an object's prototype chain and nothing else; their order means nothing.
 */
export class RegistryBase extends DurableObject<Bindings> {
  protected readonly due: DueTable;
  protected readonly mirror: KvOutbox;
  protected readonly audit: AuditStore;
  protected readonly app: AppStore;
  protected readonly roots: RootSecretStore;
  protected readonly channels: ChannelStore;
  protected readonly templates: TemplateStore;
  protected readonly files: TargetsFileStore;
  protected readonly fileAudiences: FileAudienceStore;
  /** By type of channels. */
  protected readonly credentials: ReadonlyMap<string, CredentialsSource>;
  protected readonly ledgers: LedgerListStore;
  protected readonly erasure: AppErasure;
  protected readonly userCounts: UserCountStore;
  protected readonly webhooks: WebhookStore;
  protected readonly endpointCalls: EndpointCalls;
  protected readonly box: SecretBox;
  protected readonly quotas: QuotaStore;
  protected readonly providers: ProviderStore;
  protected readonly signInCodes: SignInCodeStore;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    if (!isUntouched(ctx.storage)) migrate(ctx.storage, REGISTRY_SCHEMA);
    const { sql } = ctx.storage;
    this.due = new DueTable(ctx.storage);
    this.mirror = new KvOutbox(sql, env.CONFIG, this.due);
    this.audit = new AuditStore(sql, this.due);
    this.app = new AppStore(sql);
    this.ledgers = new LedgerListStore(sql);
    this.quotas = new QuotaStore(sql);
    this.box = new SecretBox(sql, env, ctx.id.name ?? "");
    this.roots = new RootSecretStore(sql, this.due, this.box);
    this.providers = new ProviderStore(sql, this.box);
    this.signInCodes = new SignInCodeStore(sql);
    this.channels = new ChannelStore(sql, this.providers);
    this.templates = new TemplateStore(sql);
    this.files = new TargetsFileStore(sql);
    this.fileAudiences = new FileAudienceStore(sql);
    this.webhooks = new WebhookStore(sql, this.box);
    this.userCounts = new UserCountStore(sql);
    this.endpointCalls = new EndpointCalls({
      sql,
      due: this.due,
      // An app that ends has no endpoints, whatever is still to be told.
      getConfig: (id) => (this.erasure.get() === null ? this.webhooks.getConfig(id) : null),
      tell: (id, config) => getEndpointStub(this.env, this.requireRecord().id, id).configure(config),
    });
    this.erasure = new AppErasure({ sql, env, due: this.due, ledgers: this.ledgers });
    const { push: config } = readConfig(env);
    this.credentials = new Map(
      DISPATCHED.map(({ type, account }) => [type, account.openCredentials(this.providers, config)]),
    );
    this.refreshSecrets();
  }

  /** Sees that the app's secrets are sealed, and with the deployment's newest key. */
  protected refreshSecrets(): void {
    if (!this.exists()) return;
    try {
      this.due.transaction(() => {
        this.box.rewrap();
        this.roots.sealAll();
        this.providers.sealAll();
        this.webhooks.sealAll();
      });
    } catch (error) {
      // The object can be opened all the same: what needs a secret fails, and says so.
      console.error({ message: "an app's secrets can't be read", app: this.ctx.id.name, error });
    }
  }

  /** One change with its outbox rows in one transaction, then the writes to KV. An app that ends has none. */
  protected async change<T>(work: () => Outcome<T>): Promise<Outcome<T>> {
    if (!isUntouched(this.ctx.storage) && this.erasure.get() !== null) {
      return NO_APP;
    }
    return this.changeAnyway(work);
  }

  protected async changeAnyway<T>(work: () => Outcome<T>): Promise<Outcome<T>> {
    const outcome = this.due.transaction(work);
    if (outcome.ok) await this.mirror.drain();
    return outcome;
  }

  /** False in an object that no app was created in: asking it must not write anything. */
  protected exists(): boolean {
    return !isUntouched(this.ctx.storage) && this.app.exists() && this.erasure.get() === null;
  }

  /** Inside the transaction of the change. */
  protected record(actor: Actor, changes: readonly Change[]): void {
    for (const change of changes) this.audit.append(actor, change);
  }

  protected addKey(key: NewApiKey, actor: Actor): ApiKey {
    const { record, listed } = this.app.addKey(key, Date.now());
    this.quotas.add("keys", 1);
    this.record(actor, [describeKey("key.created", listed)]);
    this.mirror.put(keys.kvApiKey(key.sha256), record);
    return listed;
  }

  protected mirrorApp(): void {
    const record = this.requireRecord();
    this.mirror.put(keys.kvApp(record.id), record);
  }

  protected requireRecord(): AppRecord {
    const channels = this.channels.list().map(({ key, type, enabled, providers }) => ({
      key,
      type,
      enabled,
      providers: [...providers.keys()],
      pushHosts: findDispatched(type)?.account.listAllowedHosts(providers) ?? [],
    }));
    return this.app.getRecord({ channels, webhooks: this.webhooks.listEnabled() });
  }
}
