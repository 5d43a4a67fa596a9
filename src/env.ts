import { OnecallError } from "./errors.ts";

/** Secrets are not in wrangler.toml, so `wrangler types` doesn't know them. */
export type Bindings = Env & { ADMIN_TOKEN?: string };

/** The deployment's variables, checked. */
export interface Config {
  adminToken: string | null;
  stallMs: number;
  retentionMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Reads the variables once per use; a wrong one is a fault of the deployment and named as such. */
export function readConfig(env: Bindings): Config {
  return {
    adminToken: env.ADMIN_TOKEN ? env.ADMIN_TOKEN : null,
    stallMs: positiveNumber("STALL_SECONDS", env.STALL_SECONDS) * 1000,
    retentionMs: positiveNumber("RETENTION_DAYS", env.RETENTION_DAYS) * DAY_MS,
  };
}

// `wrangler dev --var` hands numbers over as strings.
function positiveNumber(name: string, value: unknown): number {
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed <= 0) {
    throw new OnecallError("ERR_INTERNAL", `The variable ${name} must be a number above 0.`);
  }
  return parsed;
}
