import type { Bindings } from "../env.ts";
import type { AppRecord } from "../model/app.ts";
import { keys } from "../model/keys.ts";
import { listRefs } from "../model/ledger-list.ts";
import type { ObjectSize, SecretsState } from "../model/object-state.ts";
import { askAll } from "../objects/kit/ask-all.ts";
import { SHOWN_OBJECTS } from "../objects/kit/room.ts";
import type { LedgerStatus } from "../objects/ledger/contract.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { getShardStub } from "../objects/user-shard/contract.ts";

/** Days that are looked at: a notification expires after 30 at most, and a retry of it after 30 more. */
const DAYS = 62;
/** Ledgers that are asked, at most: those of the newest days. */
const MAX_LEDGERS = 500;

/** A provider that gets only probes, and how many of the app's shards have found it failing. */
interface ProbedProvider {
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
  /** The largest first. */
  largestObjects: NamedSize[];
}

/** An object of the app, by its name. */
interface NamedSize extends ObjectSize {
  kind: "registry" | "ledger" | "user_shard";
  name: string;
}

/**
 * Asks the app's ledgers, and of its shards only those that uncompleted notifications have deliveries in: a provider
 * that fails keeps some waiting.
 */
export async function readAppStatus(env: Bindings, app: AppRecord): Promise<AppStatus> {
  const registry = getRegistryStub(env, app.id);
  const [{ days }, secrets, registrySize] = await Promise.all([
    registry.listLedgers(null, null, MAX_LEDGERS),
    registry.readSecretsState(),
    registry.readSize(),
  ]);
  const ledgers = await askAll(listRefs(days.slice(0, DAYS)), async (ref) => ({
    name: keys.ledger(app.id, ref.day, ref.slot),
    ...(await getLedgerStub(env, app.id, ref).readStatus()),
  }));
  const shards = new Set(ledgers.flatMap((ledger) => ledger.shards));
  const circuits = await askAll([...shards], (shard) => getShardStub(env, app.id, shard).listOpenCircuits());
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
    largestObjects: listLargest(app, registrySize, ledgers),
  };
}

/** Ledgers come newest first, and of a shard's sizes the one that the newest ledger has counts. */
function listLargest(
  app: AppRecord,
  registry: ObjectSize,
  ledgers: readonly (LedgerStatus & { name: string })[],
): NamedSize[] {
  const shards = new Map<number, ObjectSize>();
  for (const { shardSizes } of ledgers) {
    for (const { shard, bytes, share } of shardSizes) {
      if (!shards.has(shard)) shards.set(shard, { bytes, share });
    }
  }
  const sizes: NamedSize[] = [
    { kind: "registry", name: keys.registry(app.id), ...registry },
    ...ledgers.map(({ name, size }) => ({ kind: "ledger" as const, name, ...size })),
    ...[...shards].map(([shard, size]) => ({
      kind: "user_shard" as const,
      name: keys.userShard(app.id, shard),
      ...size,
    })),
  ];
  return sizes.sort((a, b) => b.bytes - a.bytes).slice(0, SHOWN_OBJECTS);
}
