import { rm } from "node:fs/promises";
import { timeSend } from "./batch.ts";
import { median, report, showMs } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { benchKills } from "./peers/kill.ts";
import { installPackages } from "./peers/packages.ts";
import type { PeerPlace, QueueKind } from "./peers/queues.ts";
import { Services } from "./peers/services.ts";
import { PeerSystem } from "./peers/system.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { startOnecall } from "./workers.ts";

const ROWS = 100_000;
const ROUNDS = 3;
const WARM_ROWS = 2_000;

interface Contender {
  name: string;
  /** A CSV in memory until all of its targets are counted. ms. */
  time: (csv: Buffer) => Promise<number>;
  ms: number[];
}

/** 100,000 rows through Onecall and through what one would build instead, one after another; then a kill of each. */
export async function benchPeers(script: string): Promise<void> {
  const services = await Services.create();
  const folder = await installPackages();
  const { redisPort, postgresPort } = services;
  const place: PeerPlace = { folder, redisPort, postgresPort };
  try {
    await benchSpeed(script, place);
    await benchKills(services, place);
  } finally {
    await services.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchSpeed(script: string, place: PeerPlace): Promise<void> {
  const worker = await startOnecall(script);
  const systems: PeerSystem[] = [];
  const open = async (kind: QueueKind): Promise<PeerSystem> => {
    const system = await PeerSystem.open(kind, place);
    systems.push(system);
    return system;
  };
  try {
    const client = await OnecallClient.create(worker.url);
    const [bullMq, pgBoss] = [await open("bullmq"), await open("pg-boss")];
    const contenders: Contender[] = [
      { name: "Onecall", time: (csv) => timeOnecall(client, csv), ms: [] },
      { name: "BullMQ, Redis, Postgres: 100 a job", time: (csv) => bullMq.time(csv, 100), ms: [] },
      { name: "BullMQ, Redis, Postgres: 500 a job", time: (csv) => bullMq.time(csv, 500), ms: [] },
      { name: "pg-boss, Postgres: 500 a job", time: (csv) => pgBoss.time(csv, 500), ms: [] },
    ];
    for (const { time } of contenders) await time(createCsv(WARM_ROWS));
    const csv = createCsv(ROWS);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { time, ms } of round % 2 === 0 ? contenders : contenders.toReversed())
        ms.push(await time(csv));
    }
    reportSpeed(contenders);
  } finally {
    for (const system of systems) await system.close();
    await worker.stop();
  }
}

async function timeOnecall(client: OnecallClient, csv: Buffer): Promise<number> {
  const rows = csv.toString().split("\n").length - 2;
  const uploadMs = await uploadFile(client, "peers", csv);
  return uploadMs + (await timeSend(client, rows, () => sendFile(client, "peers"))).allCountedMs;
}

function reportSpeed(contenders: readonly Contender[]): void {
  report("100,000 rows: CSV to all stored and counted", "");
  for (const { name, ms } of contenders) report(`  ${name}`, showMs(ms));
  const [onecall, ...peers] = contenders;
  const [fastest] = peers.toSorted((a, b) => median(a.ms) - median(b.ms));
  // Round by round: all met the same noise.
  const ratios = (onecall?.ms ?? []).map((ms, round) => (fastest?.ms[round] ?? Number.NaN) / ms);
  report(
    "  Onecall, of the fastest peer's speed",
    `× ${median(ratios).toFixed(2)}`,
    "to reach: at least × 1.4",
  );
}
