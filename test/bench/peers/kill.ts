import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { type LocalWorker, startLocalWorker } from "../../../scripts/local-worker.ts";
import { FakeProviders } from "../../support/providers/client.ts";
import { isCounted } from "../batch.ts";
import { formatNumber, report } from "../figures.ts";
import { HelperProcess } from "../helper-process.ts";
import { load } from "../load.ts";
import { OnecallClient, ORDER_TEMPLATE } from "../onecall-client.ts";
import { createCsv } from "../targets-file.ts";
import { ADMIN_TOKEN } from "../workers.ts";
import { ANSWER_AFTER_MS, CountingProvider } from "./provider.ts";
import type { PeerPlace, QueueKind } from "./queues.ts";
import type { Services } from "./services.ts";
import { PeerSystem } from "./system.ts";

const TARGETS = 2_000;
const TARGETS_PER_JOB = 100;
/** Everything is killed when so much of it has arrived. */
const KILLED_AT = 0.3;
const CHANNEL_KEY = "mobile-push";
const REGISTRATIONS_AT_ONCE = 50;
const POLL_MS = 5;
/** Who had a part when it died is given up after 10 s by the peers, after 9 s (six time-outs) by Onecall. */
const VARIABLES = { STALL_SECONDS: "0.5", PUSH_TIMEOUT_SECONDS: "1.5", PUSH_RETRY_SECONDS: "0.2" };

interface Outcome {
  distinct: number;
  repeated: number;
  /** From the kill until all are counted. */
  backMs: number;
}

/** One SIGKILL to all that there is of each, in the middle of sends that a provider takes, and what came of them. */
export async function benchKills(services: Services, place: PeerPlace): Promise<void> {
  report(`${formatNumber(TARGETS)} sends, SIGKILL to everything at ${KILLED_AT * 100} %`, "");
  reportKill("Onecall", await killOnecall());
  reportKill("BullMQ, Redis, Postgres", await killPeer("bullmq", services, place));
  reportKill("pg-boss, Postgres", await killPeer("pg-boss", services, place));
}

function reportKill(name: string, { distinct, repeated, backMs }: Outcome): void {
  const value = `lost ${TARGETS - distinct}, doubled ${repeated}`;
  report(`  ${name}`, value, `all counted ${(backMs / 1000).toFixed(1)} s after the kill`);
}

async function killPeer(kind: QueueKind, services: Services, place: PeerPlace): Promise<Outcome> {
  const provider = await CountingProvider.start();
  const system = await PeerSystem.open(kind, place, provider.url);
  try {
    const { sendId, targets } = await system.send(createCsv(TARGETS), TARGETS_PER_JOB);
    while (provider.received.distinct < KILLED_AT * TARGETS) await delay(POLL_MS);
    const killedAt = performance.now();
    await Promise.all([system.killWorkers(), services.kill()]);
    await services.start();
    await system.startWorkers();
    await system.waitUntilCounted(sendId, targets);
    return { ...provider.received, backMs: performance.now() - killedAt };
  } finally {
    await system.close();
    await provider.stop();
  }
}

async function killOnecall(): Promise<Outcome> {
  const state = await mkdtemp(join(tmpdir(), "onecall-peers-state-"));
  const providers = new HelperProcess("fake-providers-process.ts");
  process.env.ONECALL_ADMIN_TOKEN = ADMIN_TOKEN;
  let worker: LocalWorker | null = null;
  try {
    const url = await providers.ask<string>("url");
    const start = () => startLocalWorker({ persistTo: state, providers: url, variables: VARIABLES });
    const project = await new FakeProviders(url).createProject({ keepReceived: 0 });
    await project.setFaults([{ delayMs: ANSWER_AFTER_MS }]);
    worker = await start();
    const { headers, id } = await sendPushes(worker.url, project);
    const received = async () => {
      const { accepted, repeated } = (await project.summary()).fcm;
      return { distinct: accepted - repeated, repeated };
    };
    while ((await received()).distinct < KILLED_AT * TARGETS) await delay(POLL_MS);
    const killedAt = performance.now();
    await worker.kill();
    worker = await start();
    const client = new OnecallClient(worker.url, headers);
    while (!(await isCounted(client, id, TARGETS, CHANNEL_KEY))) await delay(POLL_MS);
    return { ...(await received()), backMs: performance.now() - killedAt };
  } finally {
    await worker?.stop();
    await providers.stop();
    await rm(state, { recursive: true, force: true, maxRetries: 10 });
  }
}

type FakeProject = Awaited<ReturnType<FakeProviders["createProject"]>>;

/** A batch of pushes to as many users with a device each. */
async function sendPushes(
  url: string,
  project: FakeProject,
): Promise<{ headers: Record<string, string>; id: string }> {
  const client = await OnecallClient.createEmpty(url);
  const accounts = { fcm: project.credentials.fcm };
  await client.call("POST", "/channels", { name: "Mobile push", type: "push", providers: accounts });
  await client.createTemplate({ ...ORDER_TEMPLATE, channelKey: CHANNEL_KEY });
  const devices = await project.createDevices("fcm", TARGETS);
  const { headers } = client;
  await load(url, TARGETS, REGISTRATIONS_AT_ONCE, (index) => ({
    method: "POST",
    path: `/v3/business-messaging/api/users/kill-${index}/devices`,
    headers,
    body: JSON.stringify(devices[index]),
  }));
  const body = client.batchBody(TARGETS, "kill");
  const sent = await fetch(`${url}${client.sendPath}`, { method: "POST", headers, body });
  const { notificationId: id } = (await sent.json()) as { notificationId: string };
  return { headers, id };
}
