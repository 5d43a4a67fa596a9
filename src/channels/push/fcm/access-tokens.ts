import { importPKCS8, SignJWT } from "jose";
import * as v from "valibot";
import type { PushConfig } from "../../../env.ts";
import type { AccountStore, Credentials, ProviderToken } from "../../../model/account.ts";
import { describe, type HttpAnswer } from "../../../outbound/answers.ts";
import { TimedFetch } from "../../../outbound/timed-fetch.ts";
import { FcmAccountSchema } from "./account.ts";

/** An access token isn't handed out in its last minutes: it must outlive the senders' caches and one push. */
const MARGIN_MS = 5 * 60_000;
const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const AccessTokenSchema = v.object({ access_token: v.string(), expires_in: v.number() });

type FcmAccount = v.InferOutput<typeof FcmAccountSchema>;

/** The access tokens of one app's service accounts: fetched once, kept in its registry, and shared by all senders. */
export class FcmAccessTokens {
  readonly #provider: string;
  readonly #store: AccountStore;
  readonly #config: Pick<PushConfig, "fcmTokenUrl" | "timeoutMs">;
  /** One exchange at a time and channel: whoever comes meanwhile waits for it. */
  readonly #running = new Map<string, Promise<Credentials>>();

  constructor(provider: string, store: AccountStore, config: Pick<PushConfig, "fcmTokenUrl" | "timeoutMs">) {
    this.#provider = provider;
    this.#store = store;
    this.#config = config;
  }

  async get(channelId: string, refused: string | null, now: number): Promise<Credentials> {
    const stored = this.#store.get(channelId, this.#provider);
    if (stored === null) return { found: "none" };
    const account = v.parse(FcmAccountSchema, stored.config);
    const { token } = stored;
    if (token !== null && token.token !== refused && token.expiresAt - MARGIN_MS > now) {
      return { found: "yes", credentials: { projectId: account.projectId, accessToken: token.token } };
    }
    const running = this.#running.get(channelId);
    if (running !== undefined) return running;
    const exchange = this.#exchange(channelId, account, now).finally(() => this.#running.delete(channelId));
    this.#running.set(channelId, exchange);
    return exchange;
  }

  async #exchange(channelId: string, account: FcmAccount, now: number): Promise<Credentials> {
    const answer = await this.#ask(account, now);
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
    this.#keep(channelId, account, {
      token: accessToken,
      issuedAt: now,
      expiresAt: now + ttlSeconds * 1000,
    });
    return { found: "yes", credentials: { projectId: account.projectId, accessToken } };
  }

  /**
   * RFC 7523: a signed assertion for an access token
   * (developers.google.com/identity/protocols/oauth2/service-account).
   */
  async #ask(
    { clientEmail, privateKey }: FcmAccount,
    now: number,
  ): Promise<HttpAnswer | { failure: string }> {
    const { fcmTokenUrl: tokenUrl, timeoutMs } = this.#config;
    const seconds = Math.floor(now / 1000);
    const assertion = await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuer(clientEmail)
      .setAudience(tokenUrl)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 3600)
      .sign(await importPKCS8(privateKey, "RS256"));
    const form = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
    const init = {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
    };
    return new TimedFetch().call(tokenUrl, init, timeoutMs, { keepsBody: true });
  }

  // Unless the channel has got another account meanwhile.
  #keep(channelId: string, account: FcmAccount, token: ProviderToken): void {
    const current = this.#store.get(channelId, this.#provider);
    if (current === null) return;
    const { projectId, clientEmail, privateKey } = v.parse(FcmAccountSchema, current.config);
    const isSame =
      projectId === account.projectId &&
      clientEmail === account.clientEmail &&
      privateKey === account.privateKey;
    if (isSame) this.#store.setToken(channelId, this.#provider, token);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
