import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import {
  experimental_readRawConfig as readRawConfig,
  unstable_readConfig as readWranglerConfig,
} from "wrangler";
import { UsageError } from "../arguments.ts";
import { ROOT } from "../wrangler.ts";

/** What a deployment needs in the account, as wrangler.toml names it. */
export interface DeploySettings {
  workerName: string;
  /** An installation beside the one that wrangler.toml describes. */
  isNamed: boolean;
  queues: string[];
  buckets: string[];
  /** KV namespaces without an id, under the title that `wrangler deploy` gives a new one. */
  namespaces: { binding: string; title: string }[];
  retentionDays: number;
}

const CONFIG_PATH = join(ROOT, "wrangler.toml");

/** A queue's name has 63 characters at most, and the longest of ours ends in `-deliveries-normal`. */
const MAX_NAME_LENGTH = 63 - "-deliveries-normal".length;
const WORKER_NAME = new RegExp(`^[a-z0-9](?:[a-z0-9-]{0,${MAX_NAME_LENGTH - 2}}[a-z0-9])?$`);

const Name = v.pipe(v.string(), v.minLength(1));

const WranglerConfigSchema = v.object({
  name: Name,
  vars: v.object({ RETENTION_DAYS: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  kv_namespaces: v.array(v.object({ binding: Name, id: v.optional(Name) })),
  r2_buckets: v.array(v.object({ bucket_name: Name })),
  queues: v.object({
    producers: v.optional(v.array(v.object({ queue: Name })), []),
    consumers: v.optional(v.array(v.object({ queue: Name, dead_letter_queue: v.optional(Name) })), []),
  }),
});

const RawConfigSchema = v.looseObject({
  name: Name,
  main: Name,
  assets: v.looseObject({ directory: Name }),
  kv_namespaces: v.array(v.looseObject({ binding: Name, id: v.optional(Name) })),
  r2_buckets: v.array(v.looseObject({ bucket_name: Name })),
  queues: v.object({
    producers: v.array(v.looseObject({ queue: Name })),
    consumers: v.array(v.looseObject({ queue: Name, dead_letter_queue: v.optional(Name) })),
  }),
  ratelimits: v.optional(v.array(v.looseObject({ namespace_id: Name })), []),
});

/**
 * @param workerName of an installation beside the one that wrangler.toml describes: its queues, buckets and
 *   namespaces have its name where those have wrangler.toml's.
 * @throws {UsageError} naming the setting that is missing or wrong.
 */
export function readDeploySettings(workerName?: string): DeploySettings {
  const config = readWranglerConfig({ config: CONFIG_PATH }, { hideWarnings: true });
  const {
    name: ownName,
    vars,
    kv_namespaces,
    r2_buckets,
    queues,
  } = parseConfig(WranglerConfigSchema, config);
  const name = workerName ?? ownName;
  if (!WORKER_NAME.test(name)) {
    throw new UsageError(
      `--name must have 1 to ${MAX_NAME_LENGTH} lowercase letters, digits and dashes, not "${name}".`,
    );
  }
  const rename = (resource: string): string => renameResource(resource, ownName, name);
  const queueNames = [
    ...queues.producers.map((producer) => producer.queue),
    ...queues.consumers.flatMap(({ queue, dead_letter_queue }) => [queue, dead_letter_queue ?? queue]),
  ];
  return {
    workerName: name,
    isNamed: name !== ownName,
    queues: [...new Set(queueNames.map(rename))],
    buckets: [...new Set(r2_buckets.map((bucket) => rename(bucket.bucket_name)))],
    namespaces: kv_namespaces
      .filter((namespace) => name !== ownName || namespace.id === undefined)
      .map(({ binding }) => ({ binding, title: namespaceTitle(name, binding) })),
    retentionDays: vars.RETENTION_DAYS,
  };
}

/** What tells wrangler's commands that this isn't the Worker of wrangler.toml. */
export function nameOption({
  workerName,
  isNamed,
}: Pick<DeploySettings, "workerName" | "isNamed">): string[] {
  return isNamed ? ["--name", workerName] : [];
}

/**
 * Writes a copy of wrangler.toml that has this installation's name in its resources and names these KV namespaces
 * by id, and returns its path. Ids belong to one account: in wrangler.toml itself they would be committed.
 */
export function writeDeployConfig(
  { workerName, isNamed }: Pick<DeploySettings, "workerName" | "isNamed">,
  idByBinding: ReadonlyMap<string, string>,
): string {
  const raw = parseConfig(RawConfigSchema, readRawConfig({ config: CONFIG_PATH }).rawConfig);
  const rename = (resource: string): string => renameResource(resource, raw.name, workerName);
  const config = {
    ...raw,
    name: workerName,
    main: join(ROOT, raw.main),
    assets: { ...raw.assets, directory: join(ROOT, raw.assets.directory) },
    kv_namespaces: raw.kv_namespaces.map(({ id, ...namespace }) => ({
      ...namespace,
      // Of another installation, an id in wrangler.toml is not this one's.
      id: idByBinding.get(namespace.binding) ?? (isNamed ? undefined : id),
    })),
    r2_buckets: raw.r2_buckets.map((bucket) => ({ ...bucket, bucket_name: rename(bucket.bucket_name) })),
    queues: {
      producers: raw.queues.producers.map((producer) => ({ ...producer, queue: rename(producer.queue) })),
      consumers: raw.queues.consumers.map((consumer) => ({
        ...consumer,
        queue: rename(consumer.queue),
        dead_letter_queue: consumer.dead_letter_queue && rename(consumer.dead_letter_queue),
      })),
    },
    // Counters belong to the account: two installations with one id would share their callers' limits.
    ratelimits: raw.ratelimits.map((limit) => ({
      ...limit,
      namespace_id: isNamed ? rateLimitId(workerName, limit.namespace_id) : limit.namespace_id,
    })),
  };
  const folder = join(ROOT, ".wrangler");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `deploy-${workerName}.json`);
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}

/** `onecall-targets` of the installation `onecall` is `eu-targets` of the installation `eu`. */
function renameResource(resource: string, ownName: string, name: string): string {
  if (name === ownName) return resource;
  return resource.startsWith(`${ownName}-`) ? name + resource.slice(ownName.length) : `${name}-${resource}`;
}

/** A positive number of nine digits at most, as wrangler wants it, that is the installation's own. */
function rateLimitId(workerName: string, id: string): string {
  const digest = createHash("sha256").update(`${workerName}:${id}`).digest();
  return String(100_000_000 + (digest.readUInt32BE() % 900_000_000));
}

// As `wrangler deploy` names what it creates: Worker and binding, in lower case with dashes.
function namespaceTitle(workerName: string, binding: string): string {
  return `${workerName}-${binding.toLowerCase().replaceAll("_", "-")}`;
}

function parseConfig<Schema extends v.GenericSchema>(schema: Schema, config: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, config);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new UsageError(`wrangler.toml: ${v.getDotPath(issue) ?? "the file"}: ${issue.message}`);
  }
  return parsed.output;
}
