import { Circuits } from "./circuits.ts";
import { FairMap } from "./fair-map.ts";
import { type PushMessage, readPushMessage } from "./message.ts";
import type {
  BlockedScope,
  DeviceOutcome,
  DeviceReport,
  PushClaim,
  PushDevice,
  PushReport,
  TargetReport,
} from "./model.ts";
import { isKnownService } from "./push-services.ts";
import { type PushSender, sendPush } from "./send-push.ts";
import type { Slots } from "./slots.ts";

/** What this isolate knows of failing providers, by `{app}:{channel}:{scope}`. */
const circuits = new Circuits();

/** Providers of a channel that this isolate leaves alone for now. */
export function listBlocked(appId: string, channelKey: string, now: number): BlockedScope[] {
  return circuits.listOpen(`${appId}:${channelKey}:`).filter(([, until]) => until > now);
}

/** How long a claim's sender may go on, Unix ms. */
export interface SendDeadlines {
  /** No push begins after it. */
  startBefore: number;
  /** No answer is waited for after it. */
  answerBefore: number;
}

/** Who answers within so many ms is prompt. */
const PROMPT_MS = 1000;
/** Push services of apps' own choice that answered promptly the last time, by app and scope. */
const prompt = new FairMap<true>();

/** A device of the claim in its place among the others. */
interface Item {
  userId: string;
  device: PushDevice;
  /** The how-manieth of its user's. */
  round: number;
  run: () => Promise<DeviceReport>;
}

/**
 * Sends a claim's pushes, as many at once as there are slots, and says what became of each. What there was no
 * time for, and what a failing provider would only be bothered with, is untried. A user whose devices don't answer
 * delays nobody: each user's first device goes before any second, and services that may not answer have slots apart.
 */
export async function sendClaim(
  sender: PushSender,
  { id, channelKey, notification, targets }: PushClaim,
  slots: Slots,
  deadlines: SendDeadlines,
): Promise<PushReport> {
  const suspectsBefore = Math.min(deadlines.startBefore, Date.now() + sender.config.timeoutMs);
  const items = targets.flatMap(({ userId, content, devices }) => {
    // Once per target, and only when it is its turn.
    let message: PushMessage | null = null;
    return devices.map((device, round): Item => {
      const run = async (): Promise<DeviceReport> => {
        message ??= readPushMessage(notification, content, Date.now());
        const { key, version } = device;
        const isLate = isSuspect(sender, device) && Date.now() >= suspectsBefore;
        const result = isLate
          ? { outcome: postpone(sender), wasAsked: false }
          : await sendIfPossible(sender, device, message, deadlines);
        return { key, version, ...result };
      };
      return { userId, device, round, run };
    });
  });
  const runInTurn = slots.openLane();
  const running = new Map<PushDevice, Promise<DeviceReport>>();
  for (const { userId, device, run } of inOrder(items)) {
    const kind = { owner: `${sender.appId}:${userId}`, isSuspect: () => isSuspect(sender, device) };
    running.set(device, runInTurn(run, kind));
  }
  const reports = await Promise.all(
    targets.map(async ({ userId, attempt, devices }): Promise<TargetReport> => {
      const reports = await Promise.all(devices.flatMap((device) => running.get(device) ?? []));
      return { userId, attempt, devices: reports };
    }),
  );
  const blocked = listBlocked(sender.appId, channelKey, Date.now());
  return { claimId: id, notificationId: notification.id, channelKey, targets: reports, blocked };
}

/** First devices first; among them those of the service that has most of the claim: if it answers, most are done. */
function inOrder(items: readonly Item[]): Item[] {
  const counts = new Map<string, number>();
  for (const { device } of items) counts.set(device.scope, (counts.get(device.scope) ?? 0) + 1);
  const countOf = ({ device }: Item): number => counts.get(device.scope) ?? 0;
  return items.toSorted((a, b) => a.round - b.round || countOf(b) - countOf(a));
}

/** A push service that isn't a browser's own and hasn't just answered: it may let its senders wait. */
function isSuspect({ appId }: PushSender, { address, scope }: PushDevice): boolean {
  if (address.provider !== "webpush" || isKnownService(address.endpoint)) return false;
  return prompt.get(appId, scope) !== true;
}

/** Not in this claim, whose others would wait for it: at the earliest after the first pause. */
function postpone({ config }: PushSender): DeviceOutcome {
  return { outcome: "untried", afterMs: config.retryMs };
}

function notePromptness(
  { appId }: PushSender,
  { scope }: PushDevice,
  status: number | null,
  ms: number,
): void {
  if (status !== null && ms <= PROMPT_MS) prompt.set(appId, scope, true);
  else prompt.delete(appId, scope);
}

async function sendIfPossible(
  sender: PushSender,
  device: PushDevice,
  message: PushMessage,
  { startBefore, answerBefore }: SendDeadlines,
): Promise<Pick<DeviceReport, "outcome" | "wasAsked">> {
  const { config, appId, channelKey } = sender;
  const scope = `${appId}:${channelKey}:${device.scope}`;
  const now = Date.now();
  if (now >= startBefore || !circuits.tryPass(scope, now, config.probeMs)) {
    return { outcome: { outcome: "untried" }, wasAsked: false };
  }
  const timeoutMs = Math.min(config.timeoutMs, answerBefore - now);
  try {
    const { outcome, wasAsked, status } = await sendPush(sender, device, message, timeoutMs);
    if (wasAsked && device.address.provider === "webpush") {
      notePromptness(sender, device, status, Date.now() - now);
    }
    if (wasAsked && outcome.outcome === "retry") circuits.noteFailure(scope, Date.now(), config.probeMs);
    else if (wasAsked) circuits.noteAnswer(scope);
    return { outcome, wasAsked };
  } catch (error) {
    // Ours, not the provider's. What was sent beside it must be reported all the same.
    console.error({ message: "a push failed", notificationId: message.notificationId, error });
    const outcome: DeviceOutcome = { outcome: "retry", message: "the push service failed", afterMs: null };
    return { outcome, wasAsked: false };
  }
}
