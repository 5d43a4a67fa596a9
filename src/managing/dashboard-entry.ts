import type { Bindings } from "../env.ts";
import type { Actor } from "../model/audit.ts";
import { APP_ID_PATTERN, randomToken, sha256Hex } from "../model/credentials.ts";
import { OnecallError } from "../model/errors.ts";
import { SIGN_IN_CODE_MS } from "../model/limits.ts";
import { requireValue } from "../model/outcome.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";

/** Who looks into an app by the dashboard, and links that sign the operator in once. */

/** The app's audit log says who opened it. */
export async function enterDashboard(env: Bindings, appId: string, actor: Actor): Promise<void> {
  requireValue(await getRegistryStub(env, appId).noteDashboardEntry(actor));
}

/** A code that signs the operator in once, within minutes, and shows this app first. */
export async function makeSignInCode(
  env: Bindings,
  appId: string,
): Promise<{ code: string; expiresAt: number }> {
  const code = `${appId}.${randomToken()}`;
  const expiresAt = Date.now() + SIGN_IN_CODE_MS;
  requireValue(await getRegistryStub(env, appId).addSignInCode(await sha256Hex(code), expiresAt));
  return { code, expiresAt };
}

/** Uses a code up; returns its app. */
export async function redeemSignInCode(
  { env, requestId }: { env: Bindings; requestId: string },
  code: string,
): Promise<string> {
  const [appId = ""] = code.split(".");
  const actor: Actor = { type: "admin", key: null, keyId: null, requestId };
  const isRight =
    APP_ID_PATTERN.test(appId) &&
    (await getRegistryStub(env, appId).redeemSignInCode(await sha256Hex(code), actor));
  if (!isRight) {
    throw new OnecallError(
      "ERR_UNAUTHORIZED",
      "The link was used, or has ended. Ask for another, or sign in.",
    );
  }
  return appId;
}
