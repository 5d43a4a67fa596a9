import * as v from "valibot";
import { runDeployCommand } from "./command.ts";
import { type DeploySettings, nameOption } from "./settings.ts";

/** A rule of an R2 bucket, as `wrangler r2 bucket lifecycle list` describes it. */
export interface LifecycleRule {
  name: string;
  enabled: boolean;
  prefix: string;
  action: string;
}

/** What the account has already. */
export interface DeployState {
  workerExists: boolean;
  secrets: string[];
  queues: string[];
  buckets: string[];
  /** By bucket name. */
  lifecycleRules: Map<string, LifecycleRule[]>;
  /** Ids by title. */
  namespaces: Map<string, string>;
}

const SecretsSchema = v.array(v.object({ name: v.string() }));
const NamespacesSchema = v.array(v.object({ id: v.string(), title: v.string() }));

/** The commands that `readDeployState` runs, as a person would type them. */
export function stateCommands(settings: DeploySettings): Record<StateQuestion, string[]> {
  return {
    login: ["whoami", "--json"],
    secrets: ["secret", "list", ...nameOption(settings)],
    queues: ["queues", "list"],
    buckets: ["r2", "bucket", "list"],
    namespaces: ["kv", "namespace", "list"],
  };
}

type StateQuestion = "login" | "secrets" | "queues" | "buckets" | "namespaces";

/**
 * Asks the account what is there. Lists are read from their first page: what lies beyond is found when
 * its creation is refused as existing.
 */
export async function readDeployState(settings: DeploySettings): Promise<DeployState> {
  const commands = stateCommands(settings);
  await runDeployCommand("Check the login to Cloudflare", commands.login);
  const [secrets, queues, buckets] = await Promise.all([
    runDeployCommand("List the Worker's secrets", commands.secrets, {
      doneAlready: /Worker ".*not found/,
    }),
    runDeployCommand("List the queues", commands.queues),
    runDeployCommand("List the buckets", commands.buckets),
  ]);
  const workerExists = secrets.code === 0;
  const bucketNames = parseBlocks(buckets.stdout).flatMap((block) => block.get("name") ?? []);
  const [namespaces, ...lifecycleRules] = await Promise.all([
    // A Worker that exists keeps the namespaces it has.
    workerExists ? new Map<string, string>() : readNamespaces(commands.namespaces),
    ...settings.buckets.filter((bucket) => bucketNames.includes(bucket)).map(readLifecycleRules),
  ]);
  return {
    workerExists,
    secrets: workerExists ? parseJson(SecretsSchema, secrets.stdout).map((secret) => secret.name) : [],
    queues: parseTableColumn(queues.stdout, "name"),
    buckets: bucketNames,
    lifecycleRules: new Map(lifecycleRules),
    namespaces,
  };
}

async function readNamespaces(command: string[]): Promise<Map<string, string>> {
  const { stdout } = await runDeployCommand("List the KV namespaces", command);
  return new Map(parseJson(NamespacesSchema, stdout).map(({ title, id }) => [title, id]));
}

async function readLifecycleRules(bucket: string): Promise<[bucket: string, rules: LifecycleRule[]]> {
  const command = ["r2", "bucket", "lifecycle", "list", bucket];
  const { stdout } = await runDeployCommand(`List the lifecycle rules of ${bucket}`, command);
  return [bucket, parseLifecycleRules(stdout)];
}

/** Rules from the labelled blocks that `wrangler r2 bucket lifecycle list` prints. */
export function parseLifecycleRules(output: string): LifecycleRule[] {
  return parseBlocks(output)
    .filter((block) => block.has("name"))
    .map((block) => ({
      name: block.get("name") ?? "",
      enabled: block.get("enabled") === "Yes",
      prefix: block.get("prefix") ?? "",
      action: block.get("action") ?? "",
    }));
}

/** The cells under a heading of a table drawn with box characters. */
export function parseTableColumn(output: string, heading: string): string[] {
  const rows = output
    .split("\n")
    .filter((line) => line.includes("│"))
    .map((line) => line.split("│").map((cell) => cell.trim()));
  const column = rows[0]?.indexOf(heading) ?? -1;
  return column === -1 ? [] : rows.slice(1).flatMap((row) => row[column] || []);
}

// Blocks are separated by empty lines, each line is "label: value".
function parseBlocks(output: string): Map<string, string>[] {
  return output.split(/\n\s*\n/).map((block) => {
    const entries = block.split("\n").flatMap((line) => {
      const match = /^([a-z_]+):\s+(.*)$/.exec(line.trim());
      return match?.[1] !== undefined && match[2] !== undefined ? [[match[1], match[2]] as const] : [];
    });
    return new Map(entries);
  });
}

// Warnings may come before the document.
function parseJson<Schema extends v.GenericSchema>(schema: Schema, output: string): v.InferOutput<Schema> {
  return v.parse(schema, JSON.parse(output.slice(Math.max(0, output.search(/^\[/m)))));
}
