import { type DeploySettings, nameOption } from "./settings.ts";
import type { DeployState } from "./state.ts";

export type SecretName = "ADMIN_TOKEN" | "SECRETS_KEY";

/** One command of wrangler. */
export interface Step {
  title: string;
  command: string[];
  /** This goes to the command's stdin: a secret has no place in a command line or a file. */
  stdin?: SecretName;
  /** An answer that refuses because the work is done already: somebody else was faster. */
  doneAlready?: RegExp;
  /** KV namespaces the deployment takes over, id by binding. */
  namespaces?: Map<string, string>;
}

export interface Plan {
  /** What needs no step, in words. */
  present: string[];
  steps: Step[];
}

export const EMPTY_STATE: DeployState = {
  workerExists: false,
  secrets: [],
  queues: [],
  buckets: [],
  lifecycleRules: new Map(),
  namespaces: new Map(),
};

/** A notification may expire this long after its send, so its audience outlives the retention by it. */
const AUDIENCE_EXTRA_DAYS = 30;
const EXPIRING_PREFIXES = ["audiences/", "targets/"];

// Queues answer "already taken" (11009), R2 "already exists, and you own it" (10004).
const CREATED_ALREADY = /already (exists|taken)|code: (11009|10004)\b/i;

/**
 * The commands that take an account from `state` to a running deployment, in order. Pure.
 *
 * The secrets come last: only a Worker that exists has secrets, and until then its admin routes answer 403, so no app
 * has secrets yet. What isn't named here (KV namespaces, Durable Objects) `wrangler deploy` creates by itself.
 */
export function planDeploy(settings: DeploySettings, state: DeployState): Plan {
  const plan: Plan = { present: [], steps: [] };
  for (const queue of settings.queues) {
    planQueue(plan, queue, state);
  }
  for (const bucket of settings.buckets) {
    planBucket(plan, bucket, state);
    for (const prefix of EXPIRING_PREFIXES) {
      planExpiry(plan, bucket, prefix, AUDIENCE_EXTRA_DAYS + settings.retentionDays, state);
    }
  }
  planWorker(plan, settings, state);
  planSecret(plan, settings, state, "SECRETS_KEY");
  planSecret(plan, settings, state, "ADMIN_TOKEN");
  return plan;
}

function planQueue(plan: Plan, queue: string, state: DeployState): void {
  if (state.queues.includes(queue)) {
    plan.present.push(`queue ${queue}`);
    return;
  }
  const command = ["queues", "create", queue];
  plan.steps.push({ title: `Create the queue ${queue}`, command, doneAlready: CREATED_ALREADY });
}

function planBucket(plan: Plan, bucket: string, state: DeployState): void {
  if (state.buckets.includes(bucket)) {
    plan.present.push(`bucket ${bucket}`);
    return;
  }
  const command = ["r2", "bucket", "create", bucket];
  plan.steps.push({ title: `Create the bucket ${bucket}`, command, doneAlready: CREATED_ALREADY });
}

// `lifecycle add` doesn't replace a rule of the same name, and `lifecycle set` would drop all others.
function planExpiry(plan: Plan, bucket: string, prefix: string, days: number, state: DeployState): void {
  const name = `onecall-${prefix.replace("/", "")}`;
  const found = state.lifecycleRules.get(bucket)?.find((rule) => rule.name === name);
  if (found?.enabled && found.prefix === prefix && found.action === `Expire objects after ${days} days`) {
    plan.present.push(`expiry of ${prefix} after ${days} days`);
    return;
  }
  if (found) {
    plan.steps.push({
      title: `Remove the outdated rule ${name}`,
      command: ["r2", "bucket", "lifecycle", "remove", bucket, "--name", name],
      doneAlready: /not found in configuration/i,
    });
  }
  plan.steps.push({
    title: `Expire ${prefix} after ${days} days`,
    command: ["r2", "bucket", "lifecycle", "add", bucket, name, prefix, "--expire-days", String(days)],
  });
}

// A first deploy that failed halfway leaves its KV namespace behind, and wrangler can't create it again
// (github.com/cloudflare/workers-sdk/issues/14284). A Worker that exists keeps the one it has.
function planWorker(plan: Plan, settings: DeploySettings, state: DeployState): void {
  const namespaces = new Map<string, string>();
  for (const { binding, title } of state.workerExists ? [] : settings.namespaces) {
    const id = state.namespaces.get(title);
    if (id !== undefined) {
      namespaces.set(binding, id);
      plan.present.push(`KV namespace ${title}`);
    }
  }
  const title = `Deploy the Worker ${settings.workerName}`;
  plan.steps.push({ title, command: ["deploy"], ...(namespaces.size > 0 && { namespaces }) });
}

function planSecret(plan: Plan, settings: DeploySettings, state: DeployState, name: SecretName): void {
  if (state.secrets.includes(name)) {
    plan.present.push(`secret ${name}`);
    return;
  }
  const command = ["secret", "put", name, ...nameOption(settings)];
  plan.steps.push({ title: `Set the secret ${name}`, command, stdin: name });
}
