import { listRefs } from "../apps/ledger-list.ts";
import type { AppRecord } from "../apps/records.ts";
import { openRegistry } from "../apps/registry-binding.ts";
import type { Bindings } from "../env.ts";
import { openLedger } from "../notifications/ledger-binding.ts";
import { askAll } from "../objects/ask-all.ts";
import type { SecretsState } from "../objects/secret-box.ts";
import { openShard } from "../users/shard-binding.ts";

/** Days that are looked at: a notification expires after 30 at most, and its retry as late again. */
const DAYS = 62;
/** Ledgers that are asked, at most: those of the newest days. */
const MAX_LEDGERS = 500;

/** A provider that gets only probes, and how many of the app's shards have found it failing. */
export interface ProbedProvider {
  channelKey: string;
  scope: string;
  shards: number;
}

/** How an app is doing. */
export interface AppStatus {
  app: AppRecord;
  uncompleted: number;
  /** A notification's id. */
  oldestUncompleted: string | null;
  redrivenChunks: number;
  deadLetters: number;
  probedProviders: ProbedProvider[];
  /** How the app's secrets are stored; null where the app is gone. */
  secrets: SecretsState | null;
}

/**
 * Asks the app's ledgers, and of its shards only those that uncompleted notifications have deliveries in: a provider
 * that fails keeps some waiting.
 */
export async function readAppStatus(env: Bindings, app: AppRecord): Promise<AppStatus> {
  const registry = openRegistry(env, app.id);
  const [{ days }, secrets] = await Promise.all([
    registry.listLedgers(null, null, MAX_LEDGERS),
    registry.readSecretsState(),
  ]);
  const ledgers = await askAll(listRefs(days.slice(0, DAYS)), (ledger) =>
    openLedger(env, app.id, ledger).readStatus(),
  );
  const shards = new Set(ledgers.flatMap((ledger) => ledger.shards));
  const circuits = await askAll([...shards], (shard) => openShard(env, app.id, shard).listOpenCircuits());
  const byProvider = Map.groupBy(circuits.flat(), ({ channelKey, scope }) => `${channelKey} ${scope}`);
  const sum = (count: (ledger: (typeof ledgers)[number]) => number): number =>
    ledgers.reduce((total, ledger) => total + count(ledger), 0);
  return {
    app,
    uncompleted: sum(({ uncompleted }) => uncompleted),
    oldestUncompleted: ledgers.flatMap(({ oldestUncompleted }) => oldestUncompleted ?? []).sort()[0] ?? null,
    redrivenChunks: sum(({ redrivenChunks }) => redrivenChunks),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    secrets,
    probedProviders: [...byProvider.values()].flatMap((found) => {
      const [first] = found;
      if (first === undefined) return [];
      return [{ channelKey: first.channelKey, scope: first.scope, shards: found.length }];
    }),
  };
}
