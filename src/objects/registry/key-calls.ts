import type { ApiKey, KeyRecord, NewApiKey, Scope } from "../../model/app.ts";
import type { Actor } from "../../model/audit.ts";
import { keys } from "../../model/keys.ts";
import { MAX_SIGN_IN_CODES } from "../../model/limits.ts";
import { NO_APP, NO_KEY } from "../../model/missing.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import { AppCalls } from "./app-calls.ts";
import { describeDashboardEntry, describeKey } from "./describe-change.ts";

const TOO_MANY_CODES = refuse(
  "ERR_CONFLICT",
  `The app has ${MAX_SIGN_IN_CODES} links that can still be used. Use one, or wait until they end.`,
);

/** About the app's API keys. */
export class KeyCalls extends AppCalls {
  async ensureKeyCheck(): Promise<Outcome<string>> {
    if (!this.exists()) return NO_APP;
    const { secret } = this.requireRecord().keyCheck;
    if (secret !== null) return succeed(secret);
    const ensured = this.due.transaction(() => {
      const made = this.app.ensureKeyCheck();
      this.mirrorApp();
      return made;
    });
    await this.mirror.drain();
    return succeed(ensured);
  }

  async createKey(key: NewApiKey, actor: Actor): Promise<Outcome<ApiKey>> {
    return this.change(() => {
      if (!this.exists()) return NO_APP;
      return this.quotas.check("keys") ?? succeed(this.addKey(key, actor));
    });
  }

  listKeys(): Outcome<ApiKey[]> {
    return this.exists() ? succeed(this.app.listKeys()) : NO_APP;
  }

  getKey(sha256: string): KeyRecord | null {
    return this.exists() ? this.app.getKey(sha256) : null;
  }

  getKeyById(keyId: string): Outcome<ApiKey> {
    const key = this.exists() ? this.app.getKeyById(keyId) : null;
    return key === null ? NO_KEY : succeed(key);
  }

  async noteKeyUse(keyId: string, scope: Scope): Promise<void> {
    await this.change(() => {
      if (!this.exists()) return NO_APP;
      this.app.noteKeyUse(keyId, scope, Date.now());
      const nameless = this.app.takeNameless(keyId);
      if (nameless !== null) this.mirror.put(keys.kvApiKey(nameless.sha256), nameless.record);
      return succeed(null);
    });
  }

  async noteDashboardEntry(actor: Actor): Promise<Outcome<true>> {
    return this.change(() => {
      if (!this.exists()) return NO_APP;
      this.record(actor, [describeDashboardEntry(this.requireRecord().id)]);
      return succeed(true);
    });
  }

  async addSignInCode(sha256: string, expiresAt: number): Promise<Outcome<true>> {
    return this.change(() => {
      if (!this.exists()) return NO_APP;
      const isAdded = this.signInCodes.add(sha256, expiresAt, Date.now(), MAX_SIGN_IN_CODES);
      return isAdded ? succeed(true) : TOO_MANY_CODES;
    });
  }

  async redeemSignInCode(sha256: string, actor: Actor): Promise<boolean> {
    const redeemed = await this.change((): Outcome<boolean> => {
      if (!this.exists() || !this.signInCodes.take(sha256, Date.now())) return succeed(false);
      this.record(actor, [describeDashboardEntry(this.requireRecord().id)]);
      return succeed(true);
    });
    return redeemed.ok && redeemed.value;
  }

  async revokeKey(keyId: string, actor: Actor): Promise<Outcome<ApiKey>> {
    return this.change(() => {
      const revoked = !this.exists() ? null : this.app.deleteKey(keyId);
      if (revoked === null) return NO_KEY;
      this.quotas.add("keys", -1);
      this.mirror.put(keys.kvApiKey(revoked.sha256), null);
      // With the last key of an earlier version gone, all keys have the check.
      if (!revoked.isChecked) this.mirrorApp();
      this.record(actor, [describeKey("key.revoked", revoked.key)]);
      return succeed(revoked.key);
    });
  }
}
