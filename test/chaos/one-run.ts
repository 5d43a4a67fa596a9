import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type FakeProject, FakeProviders } from "../support/providers/client.ts";
import { startFakeProviders } from "../support/providers/server.ts";
import { startWebhookReceiver } from "../support/webhook-receiver/server.ts";
import { ChaosApp } from "./app.ts";
import { ChaosClient } from "./client.ts";
import { judgeDeliveries } from "./deliveries.ts";
import { Observer } from "./observer.ts";
import { describeEvent, type Event, type Life, NORMAL_RULES, type Plan } from "./plan.ts";
import { judgePushes } from "./pushes.ts";
import type { Sent } from "./sent.ts";
import { ChaosServer } from "./server.ts";
import { WebhookWatch } from "./webhooks.ts";
import type { FaultCounts } from "./worker/message-faults.ts";

/** Watchdogs wait twice as long each time: what was in trouble for a minute may wait another one. */
const HEAL_TIMEOUT_MS = 300_000;
const POLL_MS = 50;
const TELL_EVERY = 60;

export interface RunResult {
  seed: number;
  kills: number;
  targets: number;
  notifications: number;
  lost: number;
  duplicated: number;
  repeatedPushes: number;
  repeatedByKill: number;
  repeatedUnanswered: number;
  /** Pushes whose report was seen written down, and those of them that came again. */
  settledPushes: number;
  repeatedSettled: number;
  webhooks: number;
  repeatedWebhooks: number;
  /** Calls to webhook addresses of users, and those of them that their receiver had taken already. */
  hooks: number;
  repeatedHooks: number;
  pushes: number;
  /** From the last kill until everything was completed. */
  healMs: number;
  reads: number;
  repeatedCalls: number;
  feeds: number;
  evictions: number;
  faults: FaultCounts;
  violations: string[];
  /** Where the Worker's log is kept, where there are violations. */
  logFile: string | null;
}

/** A broken product's run ended with the first fault. */
export class SeenFault extends Error {
  readonly violations: readonly string[];

  constructor(violations: readonly string[]) {
    super(violations[0]);
    this.violations = violations;
  }
}

interface RunOptions {
  /** For who watches: what happens now. */
  tell: (what: string) => void;
  keep: boolean;
  /** The Worker's entry of a product that is broken on purpose: the first fault ends the wait, and nothing is kept. */
  broken?: { entry: string };
}

/** Runs a plan to its end on a fresh state folder, and judges what became of everything. */
export async function runPlan(plan: Plan, { tell, keep, broken }: RunOptions): Promise<RunResult> {
  const folder = await mkdtemp(join(tmpdir(), "onecall-chaos-"));
  const providers = await startFakeProviders();
  const receiver = await startWebhookReceiver();
  const appId = "chaos";
  const isBroken = broken !== undefined;
  const server = new ChaosServer({
    folder,
    seed: plan.seed,
    providersUrl: providers.url,
    appId,
    entry: broken?.entry,
  });
  let isRight = false;
  try {
    const project = await new FakeProviders(providers.url).createProject();
    const client = new ChaosClient(server);
    const app = new ChaosApp(client, project, plan.form);
    const observer = new Observer(server, client);
    tell("starts");
    await server.start();
    await app.setUp(appId, receiver.url);
    const webhooks = await WebhookWatch.create(client, receiver.url);
    server.webhookId = webhooks.id;
    tell("is set up");
    await project.setFaults(NORMAL_RULES);
    observer.start();
    const run = new Run(plan, { server, app, observer, project, tell, isBroken });
    const sent = await run.live().finally(() => observer.stop());
    tell("is judged");
    // What is broken may never complete, and who waits for its webhooks waits in vain: a fault was seen, that is all.
    if (isBroken && observer.violations.length > 0) throw new SeenFault(observer.violations);
    const result = await judgeRun(plan.seed, sent, run, { server, client, app, webhooks, observer, project });
    isRight = result.violations.length === 0;
    return result;
  } finally {
    await server.stop();
    await providers.stop();
    await receiver.stop();
    // What went wrong is in there.
    if ((isRight || isBroken) && !keep) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    else console.error(`The state and the Worker's log are kept in ${folder}`);
  }
}

interface Judged {
  server: ChaosServer;
  client: ChaosClient;
  app: ChaosApp;
  webhooks: WebhookWatch;
  observer: Observer;
  project: FakeProject;
}

/** What became of all that was sent: in the shards, at the providers and at the receivers. */
async function judgeRun(
  seed: number,
  sent: readonly Sent[],
  run: Run,
  { server, client, app, webhooks, observer, project }: Judged,
): Promise<RunResult> {
  const calls = await webhooks.judge(sent);
  const deliveries = await judgeDeliveries(client, server.appId, sent, app, seed);
  const hooks = await app.hooks.judge(sent);
  const { received, rejected } = await project.received();
  const pushes = judgePushes(received, sent, app.devices, server);
  const violations = [
    ...run.violations,
    ...observer.violations,
    ...deliveries.violations,
    ...pushes.violations,
    ...calls.violations,
    ...hooks.violations,
    ...rejected.map((refused) => `a provider refused what it was sent: ${JSON.stringify(refused)}`),
  ];
  return {
    seed,
    kills: server.kills.length,
    notifications: sent.length,
    targets: sent.reduce((sum, { users }) => sum + users.size, 0),
    lost: deliveries.lost + pushes.lost + calls.lost + hooks.lost,
    duplicated: deliveries.duplicated,
    repeatedPushes: pushes.repeated,
    pushes: received.length,
    repeatedByKill: pushes.repeatedByKill,
    repeatedUnanswered: pushes.repeatedUnanswered,
    settledPushes: server.settled.size,
    repeatedSettled: pushes.repeatedSettled,
    webhooks: calls.calls,
    repeatedWebhooks: calls.repeated,
    hooks: hooks.calls,
    repeatedHooks: hooks.repeated,
    healMs: run.healMs,
    reads: observer.reads,
    repeatedCalls: client.repeated,
    feeds: deliveries.feeds,
    evictions: run.evictions,
    faults: server.sumFaults(),
    violations,
    logFile: violations.length === 0 ? null : server.logFile,
  };
}

interface RunParts {
  server: ChaosServer;
  app: ChaosApp;
  observer: Observer;
  project: FakeProject;
  /** For who watches: what happens now. */
  tell: (what: string) => void;
  isBroken: boolean;
}

/** A plan's lives, one after another. */
class Run {
  readonly violations: string[] = [];
  healMs = 0;
  evictions = 0;
  readonly #plan: Plan;
  readonly #parts: RunParts;
  readonly #sends: Promise<Sent>[] = [];

  constructor(plan: Plan, parts: RunParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  /** Returns what was accepted, once all of it is completed; what isn't in time is a violation. */
  async live(): Promise<Sent[]> {
    for (const life of this.#plan.lives) {
      if (this.#parts.server.url === null) await this.#parts.server.start();
      this.#parts.tell("is up");
      await this.#liveOnce(life);
    }
    const sent = await Promise.all(this.#sends);
    const killedAt = this.#parts.server.kills.at(-1)?.from ?? Date.now();
    const deadline = Date.now() + HEAL_TIMEOUT_MS;
    const { observer, isBroken } = this.#parts;
    const isSeen = (): boolean => isBroken && observer.violations.length > 0;
    for (let polls = 0; observer.countOpen() > 0 && !isSeen() && Date.now() < deadline; polls++) {
      if (polls % TELL_EVERY === 0) this.#tellOpen();
      await delay(POLL_MS);
    }
    this.healMs = Date.now() - killedAt;
    for (const { id, last } of this.#parts.observer.listOpen()) {
      this.violations.push(`${id} isn't completed: ${JSON.stringify(last)}`);
    }
    return sent;
  }

  #tellOpen(): void {
    for (const { id, last } of this.#parts.observer.listOpen()) {
      const pending = Object.entries(last?.counts ?? {}).map(([key, counts]) => `${key} ${counts.pending}`);
      this.#parts.tell(`waits for ${id}: ${pending.join(", ")}`);
    }
  }

  async #liveOnce({ events, killMs }: Life): Promise<void> {
    const begin = Date.now();
    for (const { atMs, ...event } of events) {
      if (killMs !== null && atMs > killMs) break;
      await delay(Math.max(0, begin + atMs - Date.now()));
      await this.#happen(event);
    }
    if (killMs === null) return;
    await delay(Math.max(0, begin + killMs - Date.now()));
    await this.#parts.server.kill();
    this.#parts.tell("was killed");
  }

  async #happen(event: Event): Promise<void> {
    this.#parts.tell(describeEvent(event));
    if (event.kind === "providers") await this.#parts.project.setFaults(event.rules);
    else if (event.kind === "evict") {
      this.evictions++;
      // Not waited for: the next event is due at its own time.
      void this.#parts.server.evict(event.object);
    } else {
      const sending = this.#parts.app.send(event.send, `chaos-${this.#plan.seed}-${this.#sends.length}`);
      this.#sends.push(sending);
      sending.then(
        (sent) => {
          this.#parts.tell(`accepted ${sent.id}, ${event.send.kind}`);
          this.#parts.observer.watch(sent);
        },
        // Told when all are waited for.
        () => {},
      );
    }
  }
}
