import { setTimeout as delay } from "node:timers/promises";
import type { LocalWorker } from "../local-worker.ts";
import { bold, dim, formatTime, green } from "../terminal.ts";
import { CHANNELS, createAudience, createCsv, type Expected, TEMPLATE, userId } from "./audience.ts";
import { type AppClient, createApp, type Notification } from "./client.ts";
import { addsUp, formatCounts, formatNumber, sumProgress } from "./counts.ts";
import { createProgressBar } from "./progress.ts";

const BATCH_TARGETS = 10_000;
const FILE_ROWS = 100_000;
const FILE_KEY = "appointments-2026";
const COMPLETION_TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 50;

/** What the demo shows, once a Worker runs. @throws when something isn't as it should be. */
export async function tellStory(worker: LocalWorker): Promise<void> {
  const app = await createApp(worker.url, worker.adminToken, "Demo");
  for (const channel of CHANNELS) {
    await app.createChannel(channel);
  }
  await app.createApprovedTemplate(TEMPLATE);
  console.log(`${green("✓")} An app with two channels and an approved template\n`);
  await sendToOne(app);
  await sendToMany(app);
  await sendToFile(app);
  console.log(
    `\n${green("✓")} Every delivery is accounted for. ${dim("Next: npm start, and the README's first send.")}\n`,
  );
}

async function sendToOne(app: AppClient): Promise<void> {
  console.log(bold("One user"));
  const startedAt = performance.now();
  await app.send({
    template: { key: TEMPLATE.key, variables: { name: "Mia", number: "A-1", time: "10:30" } },
    targets: ["mia"],
    mode: "realtime",
  });
  console.log(`${green("✓")} Sent in ${formatTime(startedAt)}`);
  await showInbox(app, "mia");
}

async function sendToMany(app: AppClient): Promise<void> {
  const { targets, variables, ...expected } = createAudience(BATCH_TARGETS);
  console.log(`\n${bold(`${formatNumber(targets.length)} targets, each with their own variables`)}`);
  const startedAt = performance.now();
  const id = await app.send({
    template: { key: TEMPLATE.key, variables },
    targets,
    mode: "batch",
    priority: "normal",
    title: "Tomorrow's appointments",
    tag: "appointments",
  });
  console.log(`${green("✓")} Accepted in ${formatTime(startedAt)}`);
  await followToTheEnd(app, id, startedAt, expected);
  console.log(bold("Three of the inboxes"));
  for (const number of [1, Math.floor(expected.distinct / 5), expected.distinct]) {
    await showInbox(app, userId(number));
  }
}

async function sendToFile(app: AppClient): Promise<void> {
  const { csv, ...expected } = createCsv(FILE_ROWS);
  const megabytes = (Buffer.byteLength(csv) / 1e6).toFixed(1);
  console.log(`\n${bold(`A CSV of ${formatNumber(FILE_ROWS)} rows`)} ${dim(`${megabytes} MB`)}`);
  const uploadStartedAt = performance.now();
  await app.uploadTargetsFile(FILE_KEY, csv);
  console.log(`${green("✓")} Uploaded and checked in ${formatTime(uploadStartedAt)}`);
  const startedAt = performance.now();
  const id = await app.send({
    template: { key: TEMPLATE.key },
    targetsFile: FILE_KEY,
    mode: "batch",
    title: "This year's appointments",
    tag: "appointments",
  });
  console.log(`${green("✓")} Accepted in ${formatTime(startedAt)}`);
  await followToTheEnd(app, id, startedAt, expected);
  console.log(bold("The last row's inbox"));
  await showInbox(app, userId(expected.distinct));
}

/** Shows a batch's progress, then its counts, and checks them. */
async function followToTheEnd(
  app: AppClient,
  id: string,
  startedAt: number,
  expected: Expected,
): Promise<void> {
  const notification = await waitUntilCompleted(app, id);
  const perSecond = (1000 * sumProgress(notification).total) / (performance.now() - startedAt);
  const rate = dim(`${formatNumber(Math.round(perSecond / 100) * 100)} deliveries a second`);
  console.log(`${green("✓")} Delivered and counted after ${formatTime(startedAt)}  ${rate}\n`);
  console.log(`${formatCounts(notification)}\n`);
  checkCounts(notification, expected);
}

async function waitUntilCompleted(app: AppClient, id: string): Promise<Notification> {
  const showProgress = createProgressBar(process.stdout);
  const deadline = performance.now() + COMPLETION_TIMEOUT_MS;
  for (;;) {
    const notification = await app.getNotification(id);
    const { done, total } = sumProgress(notification);
    showProgress(done, total);
    if (notification.state === "completed") {
      return notification;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `The batch is still ${notification.state} after a minute.\n${formatCounts(notification)}`,
      );
    }
    await delay(POLL_INTERVAL_MS);
  }
}

/** The demo knows what it sent, so it can say more than that the sums close. */
function checkCounts({ counts, duplicates }: Notification, expected: Expected): void {
  const inApp = counts["in-app"];
  const right =
    Object.values(counts).every((channel) => addsUp(channel) && channel.total === expected.distinct) &&
    inApp?.delivered === expected.distinct - expected.incomplete &&
    inApp.failed.missing_variables === expected.incomplete &&
    duplicates === expected.repeated;
  if (!right) {
    throw new Error(`The counts are wrong: ${JSON.stringify({ expected, duplicates, counts })}`);
  }
}

async function showInbox(app: AppClient, user: string): Promise<void> {
  const [newest] = await app.readFeed(user);
  if (!newest) {
    throw new Error(`The feed of ${user} is empty.`);
  }
  console.log(`  ${dim(user.padEnd(10))} ${newest.content.title} ${newest.content.body}`);
}
