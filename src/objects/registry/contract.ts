import type { Bindings } from "../../env.ts";
import type { Credentials, PreparedChange } from "../../model/account.ts";
import type { ApiKey, AppRecord, KeyRecord, NewApiKey, NewApp, Scope } from "../../model/app.ts";
import type { Erasure, ErasureProgress } from "../../model/app-erasure.ts";
import type { Actor, AuditFilter, AuditPage, UserAction } from "../../model/audit.ts";
import type { AppChannel, ChannelChange, NewChannel } from "../../model/channel.ts";
import type { LedgerRef } from "../../model/ids.ts";
import { keys } from "../../model/keys.ts";
import type { LedgerPage } from "../../model/ledger-list.ts";
import type { ObjectSize, SecretsState } from "../../model/object-state.ts";
import type { Outcome } from "../../model/outcome.ts";
import type { QuotaChange, QuotaReport, Usage } from "../../model/quotas.ts";
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
import type { Remote } from "../kit/remote.ts";

/** A retry as the audit log has it. */
export interface RetryRecord {
  auditId: string;
  actor: Actor;
  notificationId: string;
  details: Record<string, unknown>;
}

/** What others may ask of an app's registry. */
export interface RegistryContract {
  /** What the app may have, and has. */
  readQuotas(): Outcome<QuotaReport>;
  /** The operator allows more or less; what is there already stays. */
  setQuotas(change: QuotaChange, actor: Actor): Promise<Outcome<QuotaReport>>;
  /** How the app's secrets are stored, in the worst of its objects: once all are as this deployment would have them. */
  readSecretsState(): Promise<SecretsState | null>;
  /** Makes this registry an app's, with its first key. */
  createApp(app: NewApp, firstKey: NewApiKey, actor: Actor): Promise<Outcome<AppRecord>>;
  /** The app with its channels, or null where this registry isn't an app's. */
  getApp(): AppRecord | null;
  /**
   * Closes the app at once and begins to erase all that it has; repeated, it says how far that is. Refused where
   * there is no app, or none of that name.
   */
  deleteApp(name: string): Promise<Outcome<Erasure>>;
  /** How far the app's erasure is. Refused: there is no such app, or nobody deleted it. */
  readErasure(): Outcome<ErasureProgress>;
  /** What the app's tokens and signatures are derived from now, or null where there is no app. */
  getRootSecret(): string | null;
  /** The same with those that were replaced and still count, the newest first; none where there is no app. */
  listRootSecrets(): RootSecret[];
  /** From now on another root secret signs; what the ones before signed is taken until the grace ends. */
  rotateRootSecret(
    graceMs: number,
    actor: Actor,
  ): Promise<
    Outcome<{
      generation: number;
      previousUntil: number;
    }>
  >;
  /** What a new key is to be checked by. */
  ensureKeyCheck(): Promise<Outcome<string>>;
  createKey(key: NewApiKey, actor: Actor): Promise<Outcome<ApiKey>>;
  listKeys(): Outcome<ApiKey[]>;
  /** The key with this hash, or null: unknown or revoked. */
  getKey(sha256: string): KeyRecord | null;
  /** A key was used, as far as somebody tells: see `copies/key-uses.ts`. */
  noteKeyUse(keyId: string, scope: Scope): Promise<void>;
  getKeyById(keyId: string): Outcome<ApiKey>;
  /** Somebody opened the app in the dashboard: its audit log says so. */
  noteDashboardEntry(actor: Actor): Promise<Outcome<true>>;
  /** A code, by its hash, that signs the operator in once until then, Unix ms. */
  addSignInCode(sha256: string, expiresAt: number): Promise<Outcome<true>>;
  /** True where there was this code: it is used up, and the audit log says that the app was opened. */
  redeemSignInCode(sha256: string, actor: Actor): Promise<boolean>;
  revokeKey(keyId: string, actor: Actor): Promise<Outcome<ApiKey>>;
  listChannels(): AppChannel[];
  getChannel(idOrKey: string): AppChannel | null;
  createChannel(
    channel: NewChannel,
    providers: readonly PreparedChange[],
    actor: Actor,
  ): Promise<Outcome<AppChannel>>;
  updateChannel(idOrKey: string, change: ChannelChange, actor: Actor): Promise<Outcome<AppChannel>>;
  /** What a sender needs for a provider, or why it can't have it. `refused`: a token that wasn't taken. */
  getCredentials(channelKey: string, provider: string, refused: string | null): Promise<Credentials>;
  getTemplate(idOrKey: string): Template | null;
  listTemplates(filter: TemplateFilter): ListedTemplate[];
  /** Names by id, of templates that there are. */
  listTemplateNames(ids: readonly string[]): [id: string, name: string][];
  listTemplateVersions(
    idOrKey: string,
    beforeVersion: number | null,
    limit: number,
  ): Outcome<ListedVersion[]>;
  readTemplateVersion(idOrKey: string, version: number): Outcome<TemplateVersion>;
  createTemplate(template: NewTemplate, actor: Actor): Promise<Outcome<Template>>;
  /** Changes, then status: one call may change a template and approve what it made. */
  updateTemplate(idOrKey: string, change: TemplateChange, actor: Actor): Promise<Outcome<Template>>;
  /**
   * The template as a send may use it: what counts when KV doesn't say yes. Refused: none, or none that is approved.
   */
  findTemplate(ref: TemplateRef): Outcome<SendableTemplate>;
  /** A pinned version, for a call that is run again as it was. */
  findTemplateVersion(ref: TemplateRef, version: number): SendableTemplate | null;
  getTargetsFile(fileKey: string): TargetsFile | null;
  /** The same for a batch that is sent with it, and has until then (Unix ms) to end. */
  useTargetsFile(fileKey: string, until: number): TargetsFile | null;
  /** A batch that was sent with this upload needs it longer than was expected. */
  keepAudience(audienceId: string): void;
  listTargetsFiles(beforeId: string | null, limit: number): ListedTargetsFile[];
  /** Names an uploaded audience. Refused where the key is taken: one of two uploads at once wins. */
  putTargetsFile(
    file: Omit<TargetsFile, "id">,
    mayOverwrite: boolean,
    actor: Actor,
  ): Outcome<{
    id: string;
  }>;
  deleteTargetsFile(fileKey: string, actor: Actor): Outcome<{ fileKey: string }>;
  listAuditLog(filter: AuditFilter): AuditPage;
  /** Newest first. */
  listWebhooks(beforeId: string | null, limit: number): Webhook[];
  getWebhook(id: string): Webhook | null;
  /** What the endpoint's object works by: with its secrets, so for it alone. */
  getWebhookConfig(id: string): EndpointConfig | null;
  createWebhook(webhook: NewWebhook, secret: NewSecret, actor: Actor): Promise<Outcome<Webhook>>;
  updateWebhook(id: string, change: WebhookChange, actor: Actor): Promise<Outcome<Webhook>>;
  rotateWebhookSecret(
    id: string,
    secret: NewSecret,
    graceMs: number,
    actor: Actor,
  ): Promise<Outcome<Webhook>>;
  deleteWebhook(
    id: string,
    actor: Actor,
  ): Promise<
    Outcome<{
      id: string;
    }>
  >;
  /** An endpoint's object has disabled it. Where it was changed since `revision`, that change stands. */
  disableWebhook(id: string, reason: DisabledReason, revision: number): Promise<void>;
  /** Returns how many tags the ledger may count apart; null where there is no app. */
  registerLedger(ledger: LedgerRef): number | null;
  forgetLedger(ledger: LedgerRef): void;
  hasLedger(ledger: LedgerRef): boolean;
  /** Days (UTC, `YYYY-MM-DD`) with notifications, newest first, both bounds inclusive. */
  listLedgers(fromDay: string | null, toDay: string | null, maxLedgers: number): LedgerPage;
  readSize(): ObjectSize;
  /** A ledger of today gets large or busy: new notifications are spread among more. */
  growLedgerSlots(): Promise<void>;
  /** A ledger tells of a retry; told again, it stands in the log once. */
  recordRetry({ auditId, actor, notificationId, details }: RetryRecord): void;
  /** A user shard says how many users it has. Returns how many the app has and may have; null where there is none. */
  noteUserCount(shard: number, numbers: UserNumbers): Usage | null;
  /** Active users by shard; null where a shard has to be asked itself. */
  listUserCounts(): (number | null)[];
  /** A user shard tells what was done to a user; told again, it stands in the log once. */
  recordUserChange(auditId: string, actor: Actor, action: UserAction, uidHash: string): void;
  /** Everything that the app has, for who wakes it; null where there is no app, or it is being erased. */
  listObjects(): {
    shardCount: number;
    ledgers: LedgerRef[];
    webhookIds: string[];
  } | null;
  /** Sets the alarm where it was lost (operations/wake-objects.ts). */
  ensureAlarm(): Promise<void>;
}

/** An app's registry. */
export function getRegistryStub(env: Bindings, appId: string): Remote<RegistryContract> {
  return env.REGISTRY.getByName(keys.registry(appId)) as unknown as Remote<RegistryContract>;
}
