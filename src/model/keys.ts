/**
 * Every KV key, R2 key and Durable Object name, in one place: each begins with the app that owns it.
 * `appId` always comes from the caller's credential, never from a body. Lifetimes: docs/storage.md.
 */
export const keys = {
  /** KV: app id, key id and scopes of an API key, by the SHA-256 of the key in hex. */
  kvApiKey: (sha256Hex: string) => `key:${sha256Hex}`,
  /** KV: the app's record. */
  kvApp: (appId: string) => `app:${appId}`,
  kvAppPrefix: "app:",
  /** KV: how far the day's round of waking objects is. Of the deployment, not of an app. */
  kvWakeProgress: "wake-progress",
  /** KV: the newest approved version of a template. */
  kvTemplate: (appId: string, templateKey: string) => `template:${appId}:${templateKey}`,
  /** KV: a template's key by its id. */
  kvTemplateId: (appId: string, templateId: string) => `template-id:${appId}:${templateId}`,

  /** R2: the rows of an audience, one JSON array per chunk. */
  r2Audience: (appId: string, audienceId: string) => `audiences/${appId}/${audienceId}`,
  /** R2: where an audience's chunks are and what they hold. */
  r2AudienceIndex: (appId: string, audienceId: string) => `audiences/${appId}/${audienceId}.index`,

  /** R2: a targets file's CSV as uploaded. */
  r2TargetsFile: (appId: string, audienceId: string) => `targets/${appId}/${audienceId}.csv`,
  /** R2: what a plan renders with: its template and columns. */
  r2Plan: (appId: string, notificationId: string) => `audiences/${appId}/${notificationId}.plan`,
  /** R2: variables in the body of a send with a targets file, by user. */
  r2Overrides: (appId: string, notificationId: string) => `audiences/${appId}/${notificationId}.overrides`,

  /** R2: what all of an app's keys begin with. No app id has a slash. */
  r2Prefixes: (appId: string) => [`audiences/${appId}/`, `targets/${appId}/`],

  /** Durable Object: an app's channels, templates and keys. */
  registry: (appId: string) => appId,
  /** Durable Object: a slot of an app's notifications of one UTC day (`YYYY-MM-DD`). The first has no number. */
  ledger: (appId: string, day: string, slot = 0) =>
    slot === 0 ? `${appId}:${day}` : `${appId}:${day}:${slot}`,
  /** Durable Object: a hash-slice of an app's users. */
  userShard: (appId: string, shard: number) => `${appId}:${shard}`,
  /** Durable Object: a webhook endpoint of an app, with what it is still to get. */
  webhookEndpoint: (appId: string, webhookId: string) => `${appId}:${webhookId}`,
};
