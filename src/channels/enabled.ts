import { isRefreshed, refreshApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import type { Channel } from "./channel.ts";
import { findChannel } from "./table.ts";

/** A channel that may be sent through now. */
export interface EnabledChannel {
  channel: Channel;
  /** False where it needs an account with a provider and has none: it reaches nobody. */
  hasAccount: boolean;
}

/** An app's enabled channels by key. */
export type EnabledChannels = ReadonlyMap<string, EnabledChannel>;

export function listEnabledChannels(app: AppRecord): EnabledChannels {
  return new Map(
    app.channels.flatMap((entry): [string, EnabledChannel][] => {
      const channel = findEnabled(entry);
      return channel === null ? [] : [[entry.key, channel]];
    }),
  );
}

/**
 * The app as far as these channels need it. A copy in which one of them is missing, disabled or without the account
 * that it needs may only be old: no is said from one of a second at most.
 */
export async function withCurrentChannels(
  env: Bindings,
  app: AppRecord,
  channelKeys: readonly string[],
): Promise<AppRecord> {
  const isUsable = (key: string): boolean => {
    const entry = app.channels.find((candidate) => candidate.key === key);
    return entry !== undefined && findEnabled(entry)?.hasAccount === true;
  };
  return channelKeys.every(isUsable) || isRefreshed(app.id) ? app : refreshApp(env, app.id);
}

/** Those of a notification's channels that its deliveries may use now, among the app's. */
export async function findEnabledChannels(
  env: Bindings,
  app: AppRecord,
  channelKeys: readonly string[],
): Promise<EnabledChannels> {
  return listEnabledChannels(await withCurrentChannels(env, app, channelKeys));
}

/** One of a type that this version doesn't know (a later one made it) can't be sent through. */
function findEnabled({ type, enabled, providers }: AppRecord["channels"][number]): EnabledChannel | null {
  const channel = enabled ? findChannel(type) : null;
  if (channel === null) return null;
  return { channel, hasAccount: channel.settles === "stored" || providers.length > 0 };
}
