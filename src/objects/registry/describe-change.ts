import { findDispatched } from "../../channels/table.ts";
import type { ShownAccount } from "../../model/account.ts";
import type { ApiKey } from "../../model/app.ts";
import type { Change } from "../../model/audit.ts";
import type { AppChannel } from "../../model/channel.ts";
import { QUOTA_NAMES, type QuotaReport } from "../../model/quotas.ts";
import type { TargetsFile } from "../../model/targets-file.ts";
import type { Template } from "../../model/template.ts";
import type { Webhook } from "../../model/webhook.ts";

/**
 * What a change did, as the audit log shows it. Pure. Old and new values only of small settings; of content,
 * variables, providers' accounts and endpoints' URLs, which may carry a secret, only the names of what changed. What
 * changed nothing has no line.
 */

interface FromTo {
  from: unknown;
  to: unknown;
}

export function describeNewApp({ id, name }: { id: string; name: string }): Change {
  return { action: "app.created", target: { type: "app", id }, details: { name } };
}

export function describeRootRotation(
  id: string,
  { generation, previousUntil }: { generation: number; previousUntil: number },
): Change {
  const details = { generation, previousUntil: new Date(previousUntil).toISOString() };
  return { action: "app.root_secret_rotated", target: { type: "app", id }, details };
}

export function describeDashboardEntry(id: string): Change {
  return { action: "dashboard.opened", target: { type: "app", id }, details: {} };
}

export function describeKey(action: "key.created" | "key.revoked", key: ApiKey): Change {
  const { id, name, scopes, key: masked } = key;
  return { action, target: { type: "key", id }, details: { name, scopes, key: masked } };
}

export function describeNewChannel(channel: AppChannel): Change[] {
  const { id, key, name, type, enabled } = channel;
  return [
    { action: "channel.created", target: { type: "channel", id }, details: { key, name, type, enabled } },
    ...describeProviders(new Map(), channel),
  ];
}

export function describeChannelChange(before: AppChannel, after: AppChannel): Change[] {
  const { id, key } = after;
  const changes = changesOf(before, after, ["name", "enabled"]);
  const updated: Change[] = isEmpty(changes)
    ? []
    : [{ action: "channel.updated", target: { type: "channel", id }, details: { key, changes } }];
  return [...updated, ...describeProviders(before.providers, after)];
}

export function describeNewTemplate({ id, key, name, category, version }: Template): Change {
  const details = { key, name, category, version };
  return { action: "template.created", target: { type: "template", id }, details };
}

/** Changes first, then approval or archiving: one call may do both. */
export function describeTemplateChange(before: Template, after: Template): Change[] {
  const { id, key } = after;
  const target = { type: "template", id } as const;
  const status = changesOf(before, after, ["status", "approvedVersion"]);
  const isDrafted = !isEmpty(status) && after.status === "draft";
  const parts = ["name", "category", "channelKeys", "content", "variableSchema", "placeholders"] as const;
  const fields: string[] = parts.filter((name) => !isSame(before[name], after[name]));
  if (isDrafted) fields.push("status");
  const lines: Change[] = [];
  if (fields.length > 0) {
    const changes = {
      ...changesOf(before, after, ["name", "category", "version"]),
      ...(isDrafted ? status : {}),
    };
    lines.push({ action: "template.updated", target, details: { key, fields, changes } });
  }
  if (isEmpty(status) || isDrafted) return lines;
  const action = after.status === "approved" ? "template.approved" : "template.archived";
  return [...lines, { action, target, details: { key, version: after.version, changes: status } }];
}

/** `replaced`: the upload that had the file key until now. */
export function describeUpload(file: TargetsFile, replaced: TargetsFile | null): Change {
  const { fileKey, id: uploadId, rows, duplicates, size } = file;
  const details = { uploadId, rows, duplicates, size, replacedUploadId: replaced?.id ?? null };
  return { action: "targets_file.uploaded", target: { type: "targets_file", id: fileKey }, details };
}

export function describeFileDeletion({ fileKey, id: uploadId, rows }: TargetsFile): Change {
  const target = { type: "targets_file", id: fileKey } as const;
  return { action: "targets_file.deleted", target, details: { uploadId, rows } };
}

/** The line for a change of quotas: it names those alone that changed. */
export function describeQuotas(appId: string, before: QuotaReport, after: QuotaReport): Change[] {
  const limits = (report: QuotaReport) => mapValues(report, ({ limit }) => limit);
  const changes = changesOf(limits(before), limits(after), QUOTA_NAMES);
  if (isEmpty(changes)) return [];
  return [{ action: "app.quotas_updated", target: { type: "app", id: appId }, details: { changes } }];
}

function mapValues<K extends string, A, B>(record: Record<K, A>, map: (value: A) => B): Record<K, B> {
  const entries = Object.entries<A>(record).map(([name, value]) => [name, map(value)]);
  return Object.fromEntries(entries) as Record<K, B>;
}

export function describeNewWebhook(webhook: Webhook): Change {
  const { events, eventsPerCall, isEnabled: enabled, secretFingerprint } = webhook;
  const details = { host: hostOf(webhook), events, eventsPerCall, enabled, secretFingerprint };
  return { action: "webhook.created", target: { type: "webhook", id: webhook.id }, details };
}

export function describeWebhookChange(before: Webhook, after: Webhook): Change[] {
  const [from, to] = [shownOf(before), shownOf(after)];
  const settings = ["url", "description", "events", "eventsPerCall", "enabled"] as const;
  const fields = settings.filter((name) => !isSame(from[name], to[name]));
  if (fields.length === 0) return [];
  const changes = changesOf(from, to, ["host", "events", "eventsPerCall", "enabled"]);
  const details = { host: to.host, fields, changes };
  return [{ action: "webhook.updated", target: { type: "webhook", id: after.id }, details }];
}

export function describeSecretRotation(before: Webhook, after: Webhook): Change[] {
  const changes = changesOf(before, after, ["secretFingerprint"]);
  const { previousSecretUntil: until } = after;
  const previousSecretUntil = until === null ? null : new Date(until).toISOString();
  const details = { host: hostOf(after), changes, previousSecretUntil };
  return [{ action: "webhook.secret_rotated", target: { type: "webhook", id: after.id }, details }];
}

export function describeWebhookDeletion(webhook: Webhook): Change[] {
  const details = { host: hostOf(webhook) };
  return [{ action: "webhook.deleted", target: { type: "webhook", id: webhook.id }, details }];
}

/** Onecall has disabled it. */
export function describeDisabledWebhook(webhook: Webhook): Change {
  const details = { host: hostOf(webhook), reason: webhook.disabledReason };
  return { action: "webhook.disabled", target: { type: "webhook", id: webhook.id }, details };
}

/** Its settings under the names that its users know. */
function shownOf(webhook: Webhook) {
  const { url, description, events, eventsPerCall, isEnabled: enabled } = webhook;
  return { url, host: hostOf(webhook), description, events, eventsPerCall, enabled };
}

function hostOf({ url }: Webhook): string {
  return new URL(url).host;
}

/** Per provider its secret's fingerprint before and after, null for none, and which fields changed. */
function describeProviders(
  before: AppChannel["providers"],
  { id, key, type, providers: after }: AppChannel,
): Change[] {
  const secretName = findDispatched(type)?.account.secretName ?? "";
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.flatMap((name) => {
    const [old, current] = [before.get(name), after.get(name)];
    const fields = changedFields(old, current, secretName);
    const from = old?.fingerprint ?? null;
    return fields.length === 0 ? [] : [[name, { from, to: current?.fingerprint ?? null, fields }] as const];
  });
  if (changed.length === 0) return [];
  const details = { key, providers: Object.fromEntries(changed) };
  return [{ action: "channel.providers_updated", target: { type: "channel", id }, details }];
}

function changedFields(
  before: ShownAccount | undefined,
  after: ShownAccount | undefined,
  secretName: string,
): string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names]
    .filter((name) => before?.[name] !== after?.[name])
    .map((name) => (name === "fingerprint" ? secretName : name));
}

function changesOf<T>(before: T, after: T, names: readonly (keyof T & string)[]): Record<string, FromTo> {
  return Object.fromEntries(
    names
      .filter((name) => !isSame(before[name], after[name]))
      .map((name) => [name, { from: before[name], to: after[name] }]),
  );
}

// The stores compare in the same way: what makes a new version is a change here.
function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

function isEmpty(changes: Record<string, FromTo>): boolean {
  return Object.keys(changes).length === 0;
}
