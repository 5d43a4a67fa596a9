import type {
  BlockedScope,
  DeviceOutcome,
  DeviceReport,
  PushDevice,
  PushLease,
  PushReport,
  TargetReport,
} from "../../model/push.ts";
import type { Slots } from "../../outbound/slots.ts";
import { Circuits } from "./circuits.ts";
import { type PushMessage, readPushMessage } from "./message.ts";
import { type PushSender, sendPush } from "./send-push.ts";
import { type Recipient, recipientOf, Suspects } from "./suspects.ts";

/** What this isolate knows of failing providers, by `{app}:{channel}:{scope}`. */
const circuits = new Circuits();
const suspects = new Suspects();

/** Providers of a channel that this isolate leaves alone for now. */
export function listBlocked(appId: string, channelKey: string, now: number): BlockedScope[] {
  return circuits.listOpen(`${appId}:${channelKey}:`).filter(([, until]) => until > now);
}

/** How long a lease's sender may go on, Unix ms. */
export interface SendDeadlines {
  /** No push begins after it. */
  startBefore: number;
  /** No answer is waited for after it. */
  answerBefore: number;
}

/** Where others' pushes wait, suspects begin within so many ms of a lease, and are waited for so long. */
const SUSPECTS_BEGIN_MS = 1000;
const SUSPECTS_ANSWER_MS = 1500;

/** A device of the lease in its place among the others. */
interface Item {
  recipient: Recipient;
  device: PushDevice;
  /** The how-manieth of its user's. */
  round: number;
  run: () => Promise<DeviceReport>;
}

type Sent = Omit<DeviceReport, "key" | "version">;

/**
 * Sends a lease's pushes, as many at once as there are slots, and says what became of each. What there was no
 * time for, and what a failing provider would only be bothered with, is untried. A user whose devices don't answer
 * delays nobody: each user's first device goes before any second, and services that may not answer have slots apart,
 * little time, and go by a queue of their own where that isn't enough.
 */
export async function sendLease(
  sender: PushSender,
  { id, channelKey, notification, isSlow, targets }: PushLease,
  slots: Slots,
  deadlines: SendDeadlines,
): Promise<PushReport> {
  const { appId } = sender;
  const sending = new LeaseSending(sender, isSlow, deadlines);
  const items = targets.flatMap(({ userId, content, devices }) => {
    // Once per target, and only when it is its turn.
    let message: PushMessage | null = null;
    return devices.map((device, round): Item => {
      const recipient = recipientOf(appId, userId, device);
      const getMessage = (): PushMessage => {
        message ??= readPushMessage(notification, content, Date.now());
        return message;
      };
      const run = async (): Promise<DeviceReport> => {
        const { key, version } = device;
        return { key, version, ...(await sending.send(recipient, device, getMessage)) };
      };
      return { recipient, device, round, run };
    });
  });
  const runInTurn = slots.openLane();
  const running = new Map<PushDevice, Promise<DeviceReport>>();
  for (const { recipient, device, run } of inOrder(items)) {
    const getDoubt = () => suspects.getDoubt(recipient, Date.now());
    const kind = { owner: `${appId}:${recipient.userId}`, getDoubt };
    // What is put off without a call needs no slot.
    running.set(device, sending.isOff(recipient, Date.now()) ? run() : runInTurn(run, kind));
  }
  const reports = await Promise.all(
    targets.map(async ({ userId, attempt, devices }): Promise<TargetReport> => {
      const reports = await Promise.all(devices.flatMap((device) => running.get(device) ?? []));
      return { userId, attempt, devices: reports };
    }),
  );
  const blocked = listBlocked(appId, channelKey, Date.now());
  return { leaseId: id, notificationId: notification.id, channelKey, isSlow, targets: reports, blocked };
}

/**
 * Who kept silent lately comes last; else first devices first; among them those of the service that most users of the
 * lease have: if it answers, most are done.
 */
function inOrder(items: readonly Item[]): Item[] {
  const now = Date.now();
  const users = new Map<string, Set<string>>();
  for (const { recipient } of items) {
    const { scope, userId } = recipient;
    users.set(scope, (users.get(scope) ?? new Set()).add(userId));
  }
  const rankOf = ({ recipient, round }: Item) => ({
    ...{ round, isSilent: Number(suspects.getDoubt(recipient, now) === 2) },
    users: users.get(recipient.scope)?.size ?? 0,
  });
  return items
    .map((item) => ({ item, ...rankOf(item) }))
    .sort((a, b) => a.isSilent - b.isSilent || a.round - b.round || b.users - a.users)
    .map(({ item }) => item);
}

/** The calls of one lease. */
class LeaseSending {
  readonly #sender: PushSender;
  readonly #isSlow: boolean;
  readonly #deadlines: SendDeadlines;
  readonly #suspectsBefore: number;

  constructor(sender: PushSender, isSlow: boolean, deadlines: SendDeadlines) {
    const { timeoutMs } = sender.config;
    this.#sender = sender;
    this.#isSlow = isSlow;
    this.#deadlines = deadlines;
    this.#suspectsBefore = Date.now() + (isSlow ? timeoutMs : Math.min(timeoutMs, SUSPECTS_BEGIN_MS));
  }

  /** Not in this lease, whose others would wait for it. Where they aren't its like, who kept silent isn't asked at all. */
  isOff(recipient: Recipient, now: number): boolean {
    const doubt = suspects.getDoubt(recipient, now);
    return doubt > 0 && (now >= this.#suspectsBefore || (!this.#isSlow && doubt === 2));
  }

  async send(recipient: Recipient, device: PushDevice, getMessage: () => PushMessage): Promise<Sent> {
    const { config, appId, channelKey } = this.#sender;
    const now = Date.now();
    const isSuspect = suspects.getDoubt(recipient, now) > 0;
    if (this.isOff(recipient, now)) {
      // Among its like it comes after them, with a pause.
      const outcome: DeviceOutcome = { outcome: "untried", ...(this.#isSlow && { afterMs: config.retryMs }) };
      return { outcome, wasAsked: false, isSlow: true };
    }
    const scope = `${appId}:${channelKey}:${device.scope}`;
    if (now >= this.#deadlines.startBefore || !circuits.tryPass(scope, now, config.probeMs)) {
      return { outcome: { outcome: "untried" }, wasAsked: false, isSlow: isSuspect };
    }
    const patienceMs = isSuspect && !this.#isSlow ? SUSPECTS_ANSWER_MS : config.timeoutMs;
    try {
      return await this.#ask(recipient, device, getMessage(), Math.min(patienceMs, config.timeoutMs));
    } catch (error) {
      // Ours, not the provider's. What was sent beside it must be reported all the same.
      console.error({ message: "a push failed", app: appId, channel: channelKey, error });
      const outcome: DeviceOutcome = { outcome: "retry", message: "the push service failed", afterMs: null };
      return { outcome, wasAsked: false };
    }
  }

  async #ask(
    recipient: Recipient,
    device: PushDevice,
    message: PushMessage,
    patienceMs: number,
  ): Promise<Sent> {
    const { config, appId, channelKey } = this.#sender;
    const startedAt = Date.now();
    const { answerBefore } = this.#deadlines;
    const answer = await sendPush(this.#sender, device, message, { patienceMs, answerBefore });
    if (!answer.wasAsked) return { outcome: answer.outcome, wasAsked: false };
    const now = Date.now();
    const response = { status: answer.status, ms: now - startedAt, timeoutMs: patienceMs };
    const isTelling = suspects.note(recipient, response, now);
    const isRetry = answer.outcome.outcome === "retry";
    const scope = `${appId}:${channelKey}:${device.scope}`;
    if (!isRetry) circuits.noteAnswer(scope);
    else if (isTelling) circuits.noteFailure(scope, now, config.probeMs);
    const isSlow = isRetry && answer.status === null && suspects.getDoubt(recipient, now) > 0;
    return { outcome: answer.outcome, wasAsked: isTelling, isSlow };
  }
}
