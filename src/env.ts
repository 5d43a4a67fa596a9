import { OnecallError } from "./errors.ts";

/** Secrets are not in wrangler.toml, so `wrangler types` doesn't know them. Rate limits are the deployment's choice. */
export type Bindings = Omit<Env, "RATE_LIMIT" | "STRANGER_LIMIT"> & {
  ADMIN_TOKEN?: string;
  RATE_LIMIT?: RateLimit;
  STRANGER_LIMIT?: RateLimit;
};

/** The deployment's variables, checked. */
export interface Config {
  adminToken: string | null;
  stallMs: number;
  retentionMs: number;
  webhookTimeoutMs: number;
  push: PushConfig;
}

/** How push providers are reached. URLs without a slash at the end. */
export interface PushConfig {
  timeoutMs: number;
  retryMs: number;
  probeMs: number;
  /** How long a consumer may hold the pushes that it has claimed. */
  leaseMs: number;
  fcmUrl: string;
  fcmTokenUrl: string;
  apnsUrl: string;
  apnsSandboxUrl: string;
  allowLoopback: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Reads the variables once per use; a wrong one is a fault of the deployment and named as such. */
export function readConfig(env: Bindings): Config {
  return {
    adminToken: env.ADMIN_TOKEN ? env.ADMIN_TOKEN : null,
    stallMs: positiveNumber("STALL_SECONDS", env.STALL_SECONDS) * 1000,
    retentionMs: positiveNumber("RETENTION_DAYS", env.RETENTION_DAYS) * DAY_MS,
    webhookTimeoutMs: positiveNumber("WEBHOOK_TIMEOUT_SECONDS", env.WEBHOOK_TIMEOUT_SECONDS) * 1000,
    push: readPushConfig(env),
  };
}

// A claim of a hundred pushes at six a time: a provider that needs its whole timeout for each isn't waited
// for to the end. What is left goes back, so the lease is a few timeouts long.
const LEASE_TIMEOUTS = 6;

function readPushConfig(env: Bindings): PushConfig {
  const timeoutMs = positiveNumber("PUSH_TIMEOUT_SECONDS", env.PUSH_TIMEOUT_SECONDS) * 1000;
  return {
    timeoutMs,
    retryMs: positiveNumber("PUSH_RETRY_SECONDS", env.PUSH_RETRY_SECONDS) * 1000,
    probeMs: positiveNumber("PUSH_PROBE_SECONDS", env.PUSH_PROBE_SECONDS) * 1000,
    leaseMs: timeoutMs * LEASE_TIMEOUTS,
    fcmUrl: httpUrl("FCM_URL", env.FCM_URL),
    fcmTokenUrl: httpUrl("FCM_TOKEN_URL", env.FCM_TOKEN_URL),
    apnsUrl: httpUrl("APNS_URL", env.APNS_URL),
    apnsSandboxUrl: httpUrl("APNS_SANDBOX_URL", env.APNS_SANDBOX_URL),
    allowLoopback: String(env.ALLOW_LOOPBACK) === "true",
  };
}

function httpUrl(name: string, value: unknown): string {
  const text = String(value).replace(/\/+$/, "");
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new OnecallError("ERR_INTERNAL", `The variable ${name} must be an http or https URL.`);
}

// `wrangler dev --var` hands numbers over as strings.
function positiveNumber(name: string, value: unknown): number {
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed <= 0) {
    throw new OnecallError("ERR_INTERNAL", `The variable ${name} must be a number above 0.`);
  }
  return parsed;
}
