import { importPKCS8, SignJWT } from "jose";
import * as v from "valibot";
import type { PushConfig } from "../../env.ts";
import { sha256Hex } from "../../model/credentials.ts";
import type { Provider } from "../../model/push.ts";
import type {
  Credentials,
  ProviderConfigs,
  ProviderToken,
  StoredProvider,
} from "../../model/push-provider.ts";
import { describe } from "../../outbound/answers.ts";
import { TimedFetch } from "../../outbound/timed-fetch.ts";

const MINUTE_MS = 60_000;
/** An access token isn't handed out in its last minutes: it must outlive the senders' caches and one push. */
const FCM_MARGIN_MS = 5 * MINUTE_MS;
/** Apple takes a provider token for an hour, and wants one of a key to be used for 20 minutes at least. */
const APNS_REUSE_MS = 50 * MINUTE_MS;
const APNS_MIN_AGE_MS = 20 * MINUTE_MS;

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const AccessTokenSchema = v.object({ access_token: v.string(), expires_in: v.number() });

/** Where an app's accounts with providers and their tokens are kept: the registry's table. */
interface TokenStore {
  get<P extends Provider>(channelId: string, provider: P): StoredProvider<P> | null;
  setToken(channelId: string, provider: Provider, token: ProviderToken): void;
  getApnsToken(keyId: string): ProviderToken | null;
  setApnsToken(keyId: string, token: ProviderToken, now: number): void;
}

/** The providers' tokens of one app: made once, kept in its registry, and shared by all senders. */
export class ProviderTokens {
  readonly #store: TokenStore;
  readonly #settings: Pick<PushConfig, "fcmTokenUrl" | "timeoutMs">;
  /** One exchange at a time and channel: whoever comes meanwhile waits for it. */
  readonly #running = new Map<string, Promise<Credentials<"fcm">>>();

  constructor(store: TokenStore, settings: Pick<PushConfig, "fcmTokenUrl" | "timeoutMs">) {
    this.#store = store;
    this.#settings = settings;
  }

  /** `refused`: the token that a provider didn't take; it isn't given out again, if a new one may be had. */
  async get(
    channelId: string,
    provider: Provider,
    refused: string | null,
    now: number,
  ): Promise<Credentials> {
    if (provider === "fcm") return this.#getFcm(channelId, refused, now);
    if (provider === "apns") return this.#getApns(channelId, refused, now);
    const stored = this.#store.get(channelId, "webpush");
    return stored === null ? { found: "none" } : { found: "yes", credentials: stored.config };
  }

  async #getFcm(channelId: string, refused: string | null, now: number): Promise<Credentials<"fcm">> {
    const stored = this.#store.get(channelId, "fcm");
    if (stored === null) return { found: "none" };
    const { config, token } = stored;
    if (token !== null && token.token !== refused && token.expiresAt - FCM_MARGIN_MS > now) {
      return { found: "yes", credentials: { projectId: config.projectId, accessToken: token.token } };
    }
    const running = this.#running.get(channelId);
    if (running !== undefined) return running;
    const exchange = this.#exchange(channelId, config, now).finally(() => this.#running.delete(channelId));
    this.#running.set(channelId, exchange);
    return exchange;
  }

  /** RFC 7523: a signed assertion for an access token (developers.google.com/identity/protocols/oauth2/service-account). */
  async #exchange(
    channelId: string,
    config: ProviderConfigs["fcm"],
    now: number,
  ): Promise<Credentials<"fcm">> {
    const { fcmTokenUrl: tokenUrl, timeoutMs } = this.#settings;
    const seconds = Math.floor(now / 1000);
    const assertion = await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuer(config.clientEmail)
      .setAudience(tokenUrl)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 3600)
      .sign(await importPKCS8(config.privateKey, "RS256"));
    const answer = await new TimedFetch().call(
      tokenUrl,
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion,
        }).toString(),
      },
      timeoutMs,
      { keepsBody: true },
    );
    if ("failure" in answer) return { found: "later", message: answer.failure, afterMs: null };
    const { status, text, retryAfterMs } = answer;
    const message = describe(status, `token service: ${text}`);
    if (status === 429 || status >= 500) return { found: "later", message, afterMs: retryAfterMs };
    const parsed = status === 200 ? v.safeParse(AccessTokenSchema, parseJson(text)) : null;
    // What a success says isn't for a message: it has the token.
    if (parsed === null) return { found: "refused", message };
    if (!parsed.success)
      return { found: "later", message: "the token service's answer has no token", afterMs: null };
    const { access_token: accessToken, expires_in: ttlSeconds } = parsed.output;
    this.#keep(channelId, "fcm", config, {
      token: accessToken,
      issuedAt: now,
      expiresAt: now + ttlSeconds * 1000,
    });
    return { found: "yes", credentials: { projectId: config.projectId, accessToken } };
  }

  /** One token for each key of Apple's, whatever channels have it: Apple counts how often a key gets a new one. */
  async #getApns(channelId: string, refused: string | null, now: number): Promise<Credentials<"apns">> {
    const stored = this.#store.get(channelId, "apns");
    if (stored === null) return { found: "none" };
    const { config } = stored;
    const keyId = await sha256Hex(JSON.stringify([config.keyId, config.teamId, config.privateKey]));
    const token = this.#store.getApnsToken(keyId) ?? stored.token;
    const isRefused = token !== null && token.token === refused;
    if (isRefused && now - token.issuedAt < APNS_MIN_AGE_MS) {
      // Another one so soon would be refused as well. It may be one of Apple's servers alone that thinks so.
      return { found: "later", message: "Apple calls a provider token expired that is new", afterMs: null };
    }
    if (token !== null && !isRefused && token.expiresAt > now) {
      return { found: "yes", credentials: { providerToken: token.token, topic: config.topic } };
    }
    const issuedAt = Math.floor(now / 1000) * 1000;
    const providerToken = await new SignJWT()
      .setProtectedHeader({ alg: "ES256", kid: config.keyId })
      .setIssuer(config.teamId)
      .setIssuedAt(issuedAt / 1000)
      .sign(await importPKCS8(config.privateKey, "ES256"));
    // Another call may have signed meanwhile; all use the first one's token.
    const winner = this.#store.getApnsToken(keyId);
    if (winner !== null && winner.token !== refused && winner.expiresAt > now) {
      return { found: "yes", credentials: { providerToken: winner.token, topic: config.topic } };
    }
    const made = { token: providerToken, issuedAt, expiresAt: issuedAt + APNS_REUSE_MS };
    this.#store.setApnsToken(keyId, made, now);
    return { found: "yes", credentials: { providerToken, topic: config.topic } };
  }

  // Unless the channel has got other credentials meanwhile.
  #keep<P extends Provider>(
    channelId: string,
    provider: P,
    config: ProviderConfigs[P],
    token: ProviderToken,
  ): void {
    const current = this.#store.get(channelId, provider);
    if (JSON.stringify(current?.config) === JSON.stringify(config)) {
      this.#store.setToken(channelId, provider, token);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
