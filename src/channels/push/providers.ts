import type { Address } from "../../model/address.ts";
import { APNS } from "./apns/provider.ts";
import { FCM } from "./fcm/provider.ts";
import type { PushProvider } from "./provider.ts";
import { WEB_PUSH } from "./web-push/provider.ts";

/** In the order in which a channel shows them. */
export const PUSH_PROVIDERS: readonly PushProvider[] = [FCM, APNS, WEB_PUSH];

/** Throws for a name that an address can't have: each was checked when it was registered. */
export function providerOf({ provider: name }: Address): PushProvider {
  const provider = findProvider(name);
  if (provider === null) throw new Error(`There is no push provider "${name}"`);
  return provider;
}

export function findProvider(name: string): PushProvider | null {
  return PUSH_PROVIDERS.find((provider) => provider.name === name) ?? null;
}
