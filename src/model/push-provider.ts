import type { Provider } from "./push.ts";
/** What a call to FCM needs: an OAuth access token of the service account's project. */
export interface FcmCredentials {
  projectId: string;
  accessToken: string;
}

/** What a call to APNs needs: a provider token (JWT) and the app's topic. */
export interface ApnsCredentials {
  providerToken: string;
  topic: string;
}

/** A VAPID key pair (base64url) and whom a push service may write to: `mailto:` or `https:`. */
export interface WebPushCredentials {
  publicKey: string;
  privateKey: string;
  subject: string;
  /** Hosts of push services beside the known ones. */
  allowedHosts?: string[];
}

/** What an app's account with a provider is. The private keys go in and never come out. */
export interface ProviderConfigs {
  /** Of a Google service account's file. */
  fcm: { projectId: string; clientEmail: string; privateKey: string };
  /** `privateKey`: the .p8 file's text; `topic`: the app's bundle id. */
  apns: { keyId: string; teamId: string; privateKey: string; topic: string };
  /** A VAPID key pair as base64url; `subject`: `mailto:` or `https:`; `allowedHosts`: push services beside the known. */
  webpush: { publicKey: string; privateKey: string; subject: string; allowedHosts?: string[] };
}

/** By provider; null removes one, an absent one stays as it is. */
export type ProviderChanges = { [P in Provider]?: ProviderConfigs[P] | null };

/** A provider as it may be shown: all but the private key, of which there is a fingerprint. */
export type ShownProvider = { fingerprint: string; publicKey?: string; allowedHosts?: string[] } & Record<
  string,
  string | string[]
>;

export interface CredentialsOf {
  fcm: FcmCredentials;
  apns: ApnsCredentials;
  webpush: WebPushCredentials;
}

/** What a sender needs, or why it can't have it. */
export type Credentials<P extends Provider = Provider> =
  | { found: "yes"; credentials: CredentialsOf[P] }
  /** The channel isn't configured for this provider. */
  | { found: "none" }
  /** The account is refused: other credentials are needed. */
  | { found: "refused"; message: string }
  /** The token service fails. */
  | { found: "later"; message: string; afterMs: number | null };

/** A change with what may be shown of it, made beforehand: hashing isn't for a transaction. */
export type PreparedChange = [
  provider: Provider,
  config: ProviderConfigs[Provider] | null,
  shown: ShownProvider | null,
];

/** A provider's token that was minted or fetched. Times in Unix ms. */
export interface ProviderToken {
  token: string;
  issuedAt: number;
  expiresAt: number;
}

export interface StoredProvider<P extends Provider = Provider> {
  config: ProviderConfigs[P];
  token: ProviderToken | null;
}
