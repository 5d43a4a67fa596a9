import { OnecallError } from "./model/errors.ts";
import {
  findVariableFault,
  NUMBERS,
  type NumberName,
  parseHttpUrl,
  parseNumber,
  SECRETS_KEYS,
  type UrlName,
  VARIABLE_NAMES,
} from "./variables.ts";

/** Secrets are not in wrangler.toml, so `wrangler types` doesn't know them. Rate limits are the deployment's choice. */
export type Bindings = Omit<Env, "RATE_LIMIT" | "STRANGER_LIMIT" | "SIGN_IN_LIMIT"> & {
  ADMIN_TOKEN?: string;
  /** What apps' secrets are sealed with. */
  SECRETS_KEY?: string;
  /** The one that takes its place: it seals already, and what SECRETS_KEY has sealed is still read. */
  SECRETS_KEY_NEXT?: string;
  RATE_LIMIT?: RateLimit;
  STRANGER_LIMIT?: RateLimit;
  SIGN_IN_LIMIT?: RateLimit;
  /** Cloudflare Access before the dashboard: the team's URL and the application's audience; both or neither. */
  ACCESS_TEAM_URL?: string;
  ACCESS_AUDIENCE?: string;
  /** What an object's database may hold, where it isn't the platform's 10 GB: tests fill one quickly. */
  OBJECT_BYTES?: string;
};

/** The deployment's variables. Reading one that is wrong throws. */
export interface Config {
  adminToken: string | null;
  /** Null: the dashboard isn't behind Cloudflare Access. */
  access: AccessConfig | null;
  stallMs: number;
  retentionMs: number;
  webhookTimeoutMs: number;
  push: PushConfig;
}

/** A team's URL, without a slash at the end, and the audience of the application that the dashboard is there. */
export interface AccessConfig {
  teamUrl: string;
  audience: string;
}

/** How push providers are reached. URLs without a slash at the end. */
export interface PushConfig {
  timeoutMs: number;
  retryMs: number;
  probeMs: number;
  /** How long a consumer may hold the pushes that it has leased. */
  leaseMs: number;
  fcmUrl: string;
  fcmTokenUrl: string;
  apnsUrl: string;
  apnsSandboxUrl: string;
  allowLoopback: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A variable of the deployment that is wrong, and what would be right. */
export interface VariableFault {
  name: string;
  message: string;
}

const checked = new WeakMap<Bindings, VariableFault[]>();

/** Every variable that is wrong: looked at once, at an isolate's first call. */
export function findVariableFaults(env: Bindings): VariableFault[] {
  let faults = checked.get(env);
  if (faults === undefined) {
    faults = listVariableFaults(env);
    checked.set(env, faults);
    if (faults.length > 0) console.error({ message: "the deployment's variables are wrong", faults });
  }
  return faults;
}

/** Throws a 503 that names the variables that are wrong: nothing is done with half of a configuration. */
export function requireVariables(env: Bindings): void {
  const faults = findVariableFaults(env);
  if (faults.length === 0) return;
  const named = faults.map(({ name, message }) => `${name} ${message}`).join("; ");
  throw new OnecallError("ERR_UNAVAILABLE", `The deployment's variables are wrong: ${named}.`, {
    headers: { "retry-after": "60" },
    cause: named,
  });
}

function listVariableFaults(env: Bindings): VariableFault[] {
  return VARIABLE_NAMES.flatMap((name) => {
    const message = findVariableFault(name, env[name]);
    return message === null ? [] : [{ name, message }];
  });
}

/** The secrets that apps' secrets are sealed with, the one for new ones first; none where the deployment has none. */
export function listSecretsKeys(env: Bindings): string[] {
  return SECRETS_KEYS.flatMap((name) => env[name] || []);
}

// A lease of a hundred pushes, sent six at a time: a provider that needs its whole timeout for each isn't waited
// for to the end. What is left goes back, so the lease is a few timeouts long.
const LEASE_TIMEOUTS = 6;

/**
 * The variables, each looked at where it is used: an object can be opened whatever is wrong with one of them, and
 * only what needs that one fails, to be repeated. Calls and messages are refused before, by {@link requireVariables}.
 */
export function readConfig(env: Bindings): Config {
  const ms = (name: NumberName, unitMs = 1000): number => requireNumber(env, name) * unitMs;
  return {
    adminToken: env.ADMIN_TOKEN ? env.ADMIN_TOKEN : null,
    get access() {
      if (!env.ACCESS_TEAM_URL && !env.ACCESS_AUDIENCE) return null;
      // Half of it must let nobody in.
      if (!env.ACCESS_TEAM_URL || !env.ACCESS_AUDIENCE) {
        throw new OnecallError("ERR_UNAVAILABLE", "ACCESS_TEAM_URL and ACCESS_AUDIENCE go together.");
      }
      return { teamUrl: requireHttpUrl(env, "ACCESS_TEAM_URL"), audience: env.ACCESS_AUDIENCE };
    },
    get stallMs() {
      return ms("STALL_SECONDS");
    },
    get retentionMs() {
      return ms("RETENTION_DAYS", DAY_MS);
    },
    get webhookTimeoutMs() {
      return ms("WEBHOOK_TIMEOUT_SECONDS");
    },
    push: {
      get timeoutMs() {
        return ms("PUSH_TIMEOUT_SECONDS");
      },
      get retryMs() {
        return ms("PUSH_RETRY_SECONDS");
      },
      get probeMs() {
        return ms("PUSH_PROBE_SECONDS");
      },
      get leaseMs() {
        return ms("PUSH_TIMEOUT_SECONDS") * LEASE_TIMEOUTS;
      },
      get fcmUrl() {
        return requireHttpUrl(env, "FCM_URL");
      },
      get fcmTokenUrl() {
        return requireHttpUrl(env, "FCM_TOKEN_URL");
      },
      get apnsUrl() {
        return requireHttpUrl(env, "APNS_URL");
      },
      get apnsSandboxUrl() {
        return requireHttpUrl(env, "APNS_SANDBOX_URL");
      },
      allowLoopback: String(env.ALLOW_LOOPBACK) === "true",
    },
  };
}

function requireNumber(env: Bindings, name: NumberName): number {
  const value = parseNumber(env[name], NUMBERS[name]);
  if (value === null) throw new Error(`The variable ${name} is wrong`);
  return value;
}

function requireHttpUrl(env: Bindings, name: UrlName): string {
  const url = parseHttpUrl(env[name]);
  if (url === null) throw new Error(`The variable ${name} is wrong`);
  return url;
}
