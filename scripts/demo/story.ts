import { type Device, FakeProviders } from "../../test/support/providers/client.ts";
import type { LocalWorker } from "../local-worker.ts";
import { bold, dim, formatTime, green } from "../terminal.ts";
import { CHANNELS, createAudience, createCsv, DEVICE_USERS, TEMPLATE, userId } from "./audience.ts";
import { type AppClient, createApp } from "./client.ts";
import { formatNumber } from "./counts.ts";
import { followToTheEnd, waitUntilCompleted } from "./follow.ts";
import { type Account, addDevices, addOwnDevices, showPushes, takePushes } from "./pushes.ts";

const BATCH_TARGETS = 10_000;
const FILE_ROWS = 100_000;
const FILE_KEY = "appointments-2026";

/**
 * What the demo shows, once a Worker runs.
 *
 * @param providersUrl where the fake push providers are that the Worker uses.
 * @returns the id of the app that has it all.
 * @throws when something isn't as it should be.
 */
export async function tellStory(worker: LocalWorker, providersUrl: string): Promise<string> {
  const account = {
    app: await createApp(worker.url, worker.adminToken, "Demo"),
    project: await new FakeProviders(providersUrl).createProject(),
  };
  await setUp(account);
  await sendToOne(account);
  const devices = await sendToMany(account);
  await sendToFile(account, devices);
  console.log(
    `\n${green("✓")} Every delivery is accounted for. ${dim("Next: npm start, and the README's first send.")}\n`,
  );
  return account.app.id;
}

async function setUp({ app, project }: Account): Promise<void> {
  for (const channel of CHANNELS) {
    await app.createChannel(
      channel.type === "push" ? { ...channel, providers: project.credentials } : channel,
    );
  }
  await app.createApprovedTemplate(TEMPLATE);
  console.log(`${green("✓")} An app with two channels and an approved template\n`);
}

async function sendToOne(account: Account): Promise<void> {
  const { app, project } = account;
  console.log(bold("One user, three devices"));
  const devices = await addOwnDevices(account, "mia");
  const startedAt = performance.now();
  const id = await app.send({
    template: { key: TEMPLATE.key, variables: { name: "Mia", number: "A-1", time: "10:30" } },
    targets: ["mia"],
    mode: "realtime",
  });
  console.log(`${green("✓")} Sent in ${formatTime(startedAt)}`);
  await showInbox(app, "mia");
  // A provider that is slow is not waited for by the send.
  await waitUntilCompleted(app, id);
  showPushes(await takePushes(project, devices));
}

/** @returns the devices that some of the targets got before the send. */
async function sendToMany(account: Account): Promise<Device[]> {
  const { app } = account;
  const { targets, variables, ...expected } = createAudience(BATCH_TARGETS);
  console.log(`\n${bold(`${formatNumber(targets.length)} targets, each with their own variables`)}`);
  const addingStartedAt = performance.now();
  const devices = await addDevices(account, DEVICE_USERS);
  console.log(
    `${green("✓")} ${devices.length} of them with a device, registered in ${formatTime(addingStartedAt)}`,
  );
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
  await followToTheEnd(account, id, startedAt, expected, devices);
  console.log(bold("Three of the inboxes"));
  for (const number of [1, Math.floor(expected.distinct / 5), expected.distinct]) {
    await showInbox(app, userId(number));
  }
  return devices;
}

/** The file names the users of {@link sendToMany} too, so the same devices get a push. */
async function sendToFile(account: Account, devices: readonly Device[]): Promise<void> {
  const { app } = account;
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
  await followToTheEnd(account, id, startedAt, expected, devices);
  console.log(bold("The last row's inbox"));
  await showInbox(app, userId(expected.distinct));
}

async function showInbox(app: AppClient, user: string): Promise<void> {
  const [newest] = await app.readFeed(user);
  if (!newest) {
    throw new Error(`The feed of ${user} is empty.`);
  }
  console.log(`  ${dim(user.padEnd(10))} ${newest.content.title} ${newest.content.body}`);
}
