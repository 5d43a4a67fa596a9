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
  queues: string[];
  buckets: string[];
  /** KV namespaces without an id, under the title that `wrangler deploy` gives a new one. */
  namespaces: { binding: string; title: string }[];
  retentionDays: number;
}

const CONFIG_PATH = join(ROOT, "wrangler.toml");

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
  main: Name,
  kv_namespaces: v.array(v.looseObject({ binding: Name })),
});

/** @throws {UsageError} naming the setting that is missing or wrong. */
export function readDeploySettings(): DeploySettings {
  const config = readWranglerConfig({ config: CONFIG_PATH }, { hideWarnings: true });
  const { name, vars, kv_namespaces, r2_buckets, queues } = parseConfig(WranglerConfigSchema, config);
  const queueNames = [
    ...queues.producers.map((producer) => producer.queue),
    ...queues.consumers.flatMap(({ queue, dead_letter_queue }) => [queue, dead_letter_queue ?? queue]),
  ];
  return {
    workerName: name,
    queues: [...new Set(queueNames)],
    buckets: [...new Set(r2_buckets.map((bucket) => bucket.bucket_name))],
    namespaces: kv_namespaces
      .filter((namespace) => namespace.id === undefined)
      .map(({ binding }) => ({ binding, title: namespaceTitle(name, binding) })),
    retentionDays: vars.RETENTION_DAYS,
  };
}

/**
 * Writes a copy of wrangler.toml that names these KV namespaces by id, and returns its path. Ids belong
 * to one account: in wrangler.toml itself they would be committed.
 */
export function writeConfigWithNamespaces(idByBinding: ReadonlyMap<string, string>): string {
  const raw = parseConfig(RawConfigSchema, readRawConfig({ config: CONFIG_PATH }).rawConfig);
  const config = {
    ...raw,
    main: join(ROOT, raw.main),
    kv_namespaces: raw.kv_namespaces.map((namespace) => ({
      ...namespace,
      id: idByBinding.get(namespace.binding) ?? namespace.id,
    })),
  };
  const folder = join(ROOT, ".wrangler");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "deploy-with-namespaces.json");
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
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
