import { setTimeout as delay } from "node:timers/promises";
import type { Device } from "../../test/support/providers/client.ts";
import { dim, formatTime, green } from "../terminal.ts";
import type { Expected } from "./audience.ts";
import type { AppClient, Notification } from "./client.ts";
import { addsUp, formatCounts, formatNumber, sumProgress } from "./counts.ts";
import { createProgressBar } from "./progress.ts";
import { type Account, takePushes } from "./pushes.ts";

const COMPLETION_TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 50;

/** Shows a batch's progress, then its pushes and its counts, and checks them. */
export async function followToTheEnd(
  { app, project }: Account,
  id: string,
  startedAt: number,
  expected: Expected,
  devices: readonly Device[],
): Promise<void> {
  const notification = await waitUntilCompleted(app, id, createProgressBar(process.stdout));
  const perSecond = (1000 * sumProgress(notification).total) / (performance.now() - startedAt);
  const rate = dim(`${formatNumber(Math.round(perSecond / 100) * 100)} deliveries a second`);
  console.log(`${green("✓")} Delivered and counted after ${formatTime(startedAt)}  ${rate}`);
  const pushes = await takePushes(project, devices);
  console.log(`${green("✓")} ${formatNumber(pushes.length)} pushes received, exactly one by each device\n`);
  console.log(`${formatCounts(notification)}\n`);
  checkCounts(notification, expected, pushes.length);
}

/** @throws when that takes over a minute. */
export async function waitUntilCompleted(
  app: AppClient,
  id: string,
  showProgress: (done: number, total: number) => void = () => {},
): Promise<Notification> {
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
        `The send is still ${notification.state} after a minute.\n${formatCounts(notification)}`,
      );
    }
    await delay(POLL_INTERVAL_MS);
  }
}

/** The demo knows what it sent, so it can say more than that the sums close. */
function checkCounts({ counts, duplicates }: Notification, expected: Expected, pushes: number): void {
  const { "in-app": inApp, push } = counts;
  const complete = expected.distinct - expected.incomplete;
  const right =
    Object.values(counts).every(
      (channel) =>
        addsUp(channel) &&
        channel.total === expected.distinct &&
        channel.failed.missing_variables === expected.incomplete,
    ) &&
    inApp?.delivered === complete &&
    push?.delivered === pushes &&
    push.skipped.no_device === complete - pushes &&
    duplicates === expected.repeated;
  if (!right) {
    throw new Error(`The counts are wrong: ${JSON.stringify({ expected, pushes, duplicates, counts })}`);
  }
}
