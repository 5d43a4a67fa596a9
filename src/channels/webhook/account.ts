import * as v from "valibot";
import type { AccountFields, AccountStore, Credentials, ShownAccount } from "../../model/account.ts";
import { makeSecret } from "../../model/webhook-secrets.ts";
import type { AccountForm } from "../channel.ts";

/** The one provider of this channel, as its stored accounts and addresses name it. */
export const PROVIDER = "webhook";

/** What a receiver verifies with: the secret that signs, and the one before it until its grace has ended (Unix ms). */
export const SecretsSchema = v.object({
  secrets: v.array(v.object({ secret: v.string(), until: v.nullable(v.number()) })),
});

/** A new secret, and until when the one before it goes on signing; 0: it doesn't. */
const ChangeSchema = v.object({ secret: v.string(), previousUntil: v.number() });

const ISO_TIME = v.pipe(v.string(), v.isoTimestamp());

/** A channel's secret is made here; the answer that tells of it alone shows it. */
export const ACCOUNT: AccountForm = {
  providers: [],
  secretName: "secret",
  async makeSecret(graceMs, now) {
    const { secret, fingerprint } = await makeSecret();
    const previousUntil = graceMs > 0 ? now + graceMs : 0;
    const shown: ShownAccount = {
      fingerprint,
      ...(previousUntil === 0 ? {} : { previousSecretUntil: new Date(previousUntil).toISOString() }),
    };
    return { secret, change: [PROVIDER, { secret, previousUntil }, shown] };
  },
  answer: {
    secretFingerprint: v.optional(v.string()),
    previousSecretUntil: v.optional(v.nullable(ISO_TIME)),
  },
  present(accounts) {
    const shown = accounts.get(PROVIDER);
    if (shown === undefined) return {};
    const { fingerprint: secretFingerprint, previousSecretUntil: until } = shown;
    const isRunning = typeof until === "string" && Date.parse(until) > Date.now();
    return { secretFingerprint, previousSecretUntil: isRunning ? until : null };
  },
  listAllowedHosts: () => [],
  openCredentials: (store) => ({
    get: async (channelId, provider) => findSecrets(store, channelId, provider),
  }),
  merge(before, change) {
    const { secret, previousUntil } = v.parse(ChangeSchema, change);
    const [signing] = before === null ? [] : v.parse(SecretsSchema, before).secrets;
    const isKept = signing !== undefined && previousUntil > 0;
    const previous = isKept ? [{ secret: signing.secret, until: previousUntil }] : [];
    return { secrets: [{ secret, until: null }, ...previous] };
  },
};

/** The secret that signs: after a rotation it is another one. */
export function signingSecretOf(credentials: AccountFields): string | null {
  return v.parse(SecretsSchema, credentials).secrets[0]?.secret ?? null;
}

function findSecrets(store: AccountStore, channelId: string, provider: string): Credentials {
  const stored = store.get(channelId, provider);
  return stored === null ? { found: "none" } : { found: "yes", credentials: stored.config };
}
