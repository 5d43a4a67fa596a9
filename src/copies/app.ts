import { validate as isUuid } from "uuid";
import * as v from "valibot";
import type { Bindings } from "../env.ts";
import { type AppRecord, AppRecordSchema } from "../model/app.ts";
import { keys } from "../model/keys.ts";
import { APP_REFRESH_MS, ISOLATE_CACHE_MS, MAX_KEPT_TEXT } from "../model/limits.ts";
import { NO_APP } from "../model/missing.ts";
import { requireFound, requireValue } from "../model/outcome.ts";
import type { TemplateRef } from "../model/template.ts";
import { type SendableTemplate, SendableTemplateSchema } from "../model/template.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { weighSendable } from "../templates/weight.ts";
import { noteChange, readCopy } from "./ages.ts";
import { TtlCache } from "./cache.ts";
import { forgetKeys } from "./keys.ts";
import { forgetKnownApp } from "./known-apps.ts";
import { forgetRootSecrets } from "./root-secrets.ts";

/**
 * What sends read: isolate cache, then KV, then the registry. Only a "yes" is cached and only a "yes" is
 * taken from KV; before any "no" the registry is asked, so what was just created or approved can be used.
 */

const apps = new TtlCache<AppRecord>({ ttlMs: ISOLATE_CACHE_MS, maxEntries: 1000 });
const templates = new TtlCache<SendableTemplate>({
  ttlMs: ISOLATE_CACHE_MS,
  maxEntries: 1000,
  maxWeight: MAX_KEPT_TEXT,
});
/** Apps whose record came from the registry a moment ago: asking again would tell nothing new. */
const refreshed = new TtlCache<true>({ ttlMs: APP_REFRESH_MS, maxEntries: 1000 });

/** This isolate forgets its copies of an app: its own changes are seen by its next call. */
export function forgetApp(appId: string): void {
  noteChange(appId);
  apps.delete(appId);
  refreshed.delete(appId);
  forgetRootSecrets(appId);
  forgetKeys(appId);
  forgetKnownApp(appId);
  templates.deletePrefix(`${appId}:`);
}

/** The app's record, as old as KV's copy and 30 s. Throws where there is no such app. */
export async function getApp(env: Bindings, appId: string): Promise<AppRecord> {
  return requireFound(await findApp(env, appId), NO_APP);
}

/** The same; null where there is no such app. */
export async function findApp(env: Bindings, appId: string): Promise<AppRecord | null> {
  const cached = apps.get(appId);
  if (cached !== undefined) return cached;
  const copy = await readCopy(env, appId, keys.kvApp(appId), AppRecordSchema);
  const record = copy ?? (await getRegistryStub(env, appId).getApp());
  if (record !== null) apps.set(appId, record);
  return record;
}

/** The app's record as the registry has it now. */
export async function refreshApp(env: Bindings, appId: string): Promise<AppRecord> {
  const record = requireFound(await getRegistryStub(env, appId).getApp(), NO_APP);
  apps.set(appId, record);
  refreshed.set(appId, true);
  return record;
}

/** True for a second after {@link refreshApp}. */
export function isRefreshed(appId: string): boolean {
  return refreshed.get(appId) === true;
}

/** The approved version to send. Throws where there is no such template, or none that is approved. */
export async function requireSendableTemplate(
  env: Bindings,
  appId: string,
  ref: TemplateRef,
): Promise<SendableTemplate> {
  const [[kind, value] = ["", ""]] = Object.entries(ref);
  const cacheKey = `${appId}:${kind}:${value}`;
  const cached = templates.get(cacheKey);
  if (cached !== undefined) return cached;
  const template =
    (await readTemplateCopy(env, appId, ref)) ??
    requireValue(await getRegistryStub(env, appId).findTemplate(ref));
  templates.set(cacheKey, template, weighSendable(template));
  return template;
}

async function readTemplateCopy(
  env: Bindings,
  appId: string,
  ref: TemplateRef,
): Promise<SendableTemplate | null> {
  // KV keys have at most 512 bytes; a longer one can't be a template's.
  const [value = ""] = Object.values(ref);
  if (value.length > 128) return null;
  // KV has the templates by their keys, and by each id the key.
  const isKey = "key" in ref || ("keyOrId" in ref && !isUuid(value));
  const key = isKey ? value : await readCopy(env, appId, keys.kvTemplateId(appId, value), v.string());
  return key === null ? null : readCopy(env, appId, keys.kvTemplate(appId, key), SendableTemplateSchema);
}
