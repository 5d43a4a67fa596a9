import { setTimeout as delay } from "node:timers/promises";
import type { MixedAnswer, SoakQuestion } from "./questions.ts";
import { BATCH_TARGETS, SOCKET_USERS, type SoakApp, socketUserAt, userAt } from "./soak-app.ts";
import { beginSteadily, Timings } from "./timings.ts";

/** Of sixty operations. A feature with calls of its own gets a line here. */
const OPERATIONS: readonly {
  name: string;
  share: number;
  run: (app: SoakApp, index: number) => Promise<void>;
}[] = [
  {
    name: "realtime send",
    share: 31,
    run: async (app, index) => void (await app.sendRealtime(userAt(index * 7))),
  },
  { name: "feed read", share: 18, run: (app, index) => app.readFeed(userAt(index * 11)) },
  { name: "send to item on a socket", share: 5, run: sendToSocket },
  { name: "send to webhook", share: 5, run: (app, index) => app.sendToWebhook(userAt(index * 13)) },
  { name: "batch of 1,000, call", share: 1, run: (app) => app.sendBatch() },
];
const CHANNELS = 2;
const WRONG_AFTER_MS = 30_000;
const POLL_MS = 500;

/** All kinds of calls at once at a steady rate, for so many seconds. */
export async function runMixed(
  app: SoakApp,
  question: SoakQuestion & { kind: "mixed" },
): Promise<MixedAnswer> {
  const batchesBefore = app.batches.length;
  const timings = new Timings();
  const slots = spreadSlots();
  const until = performance.now() + question.seconds * 1000;
  const isOver = (): boolean => performance.now() >= until;
  await beginSteadily(question.perSecond, isOver, (index, begin) => {
    const { name, run } = slots[index % slots.length] ?? OPERATIONS[0] ?? fail();
    return timings.time(name, begin, () => run(app, index));
  });
  const wrongBatches = await waitForBatches(app);
  app.close();
  const operations = timings.list();
  const sends = operations.filter(({ name }) => !name.startsWith("batch") && name !== "feed read");
  const single = sends.reduce((sum, { count, errors }) => sum + count - errors, 0);
  const deliveries = CHANNELS * (single + (app.batches.length - batchesBefore) * BATCH_TARGETS);
  return { operations, deliveries, wrongBatches };
}

/** One user after another: a socket waits for one item at a time. */
async function sendToSocket(app: SoakApp, index: number): Promise<void> {
  const user = socketUserAt(Math.floor(index / 12) % SOCKET_USERS);
  const item = app.sockets.nextItem(user);
  await Promise.all([item, app.sendRealtime(user)]);
}

/** Evenly: an operation with twelve slots comes every fifth time. */
function spreadSlots(): (typeof OPERATIONS)[number][] {
  const total = OPERATIONS.reduce((sum, { share }) => sum + share, 0);
  return OPERATIONS.flatMap((operation) =>
    Array.from({ length: operation.share }, (_, index) => ({
      operation,
      at: ((index + 0.5) * total) / operation.share,
    })),
  )
    .toSorted((a, b) => a.at - b.at)
    .map(({ operation }) => operation);
}

async function waitForBatches(app: SoakApp): Promise<string[]> {
  const deadline = Date.now() + WRONG_AFTER_MS;
  for (;;) {
    const wrong = await app.listWrongBatches();
    if (wrong.length === 0 || Date.now() > deadline) return wrong;
    await delay(POLL_MS);
  }
}

function fail(): never {
  throw new Error("There are no operations");
}
