import { Circuits } from "./circuits.ts";
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

/**
 * Sends a claim's pushes, as many at once as there are slots, and says what became of each. What there was no
 * time for, and what a failing provider would only be bothered with, is untried.
 */
export async function sendClaim(
  sender: PushSender,
  { id, channelKey, notification, targets }: PushClaim,
  slots: Slots,
  deadlines: SendDeadlines,
): Promise<PushReport> {
  const runInTurn = slots.openLane();
  const reports = await Promise.all(
    targets.map(async ({ userId, attempt, content, devices }): Promise<TargetReport> => {
      // Once per target, and only when it is its turn.
      let message: PushMessage | null = null;
      const reports = devices.map((device) =>
        runInTurn(async (): Promise<DeviceReport> => {
          message ??= readPushMessage(notification, content, Date.now());
          const { key, version } = device;
          return { key, version, ...(await sendIfPossible(sender, device, message, deadlines)) };
        }),
      );
      return { userId, attempt, devices: await Promise.all(reports) };
    }),
  );
  const blocked = listBlocked(sender.appId, channelKey, Date.now());
  return { claimId: id, notificationId: notification.id, channelKey, targets: reports, blocked };
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
    const { outcome, wasAsked } = await sendPush(sender, device, message, timeoutMs);
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
