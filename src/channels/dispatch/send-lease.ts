import type { StoredAddress } from "../../model/address.ts";
import type {
  AddressOutcome,
  AddressReport,
  BlockedScope,
  DispatchLease,
  DispatchReport,
  TargetReport,
} from "../../model/dispatch.ts";
import type { Slots } from "../../outbound/slots.ts";
import type { Sender, SendMessage } from "../channel.ts";
import { Circuits } from "./circuits.ts";
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
  /** No call begins after it. */
  startBefore: number;
  /** No answer is waited for after it. */
  answerBefore: number;
}

/** Where others' messages wait, suspects begin within so many ms of a lease, and are waited for so long. */
const SUSPECTS_BEGIN_MS = 1000;
const SUSPECTS_ANSWER_MS = 1500;

/** An address of the lease in its place among the others. */
interface Item {
  recipient: Recipient;
  entry: StoredAddress;
  /** Its place among its user's addresses, from 0 on. */
  round: number;
  run: () => Promise<AddressReport>;
}

type Sent = Omit<AddressReport, "key" | "version">;

/**
 * Sends a lease's messages, as many at once as there are slots, and says what became of each. What there was no
 * time for, and what a failing provider would only be bothered with, is untried. A user whose addresses don't answer
 * delays nobody: each user's first goes before any second, and services that may not answer have slots apart,
 * little time, and go by a queue of their own where that isn't enough.
 */
export async function sendLease(
  sender: Sender,
  { id, channelKey, channelType, notification, isSlow, targets }: DispatchLease,
  slots: Slots,
  deadlines: SendDeadlines,
): Promise<DispatchReport> {
  const { appId, channel } = sender;
  const sending = new LeaseSending(sender, isSlow, deadlines);
  const items = targets.flatMap(({ userId, content, addresses }) => {
    // Once per target, and only when it is its turn.
    let message: SendMessage | null = null;
    return addresses.map((entry, round): Item => {
      const recipient = recipientOf(channel.address, { appId, userId }, entry);
      const getMessage = (): SendMessage => {
        message ??= channel.open({ appId, channelKey, userId, content, notification }, Date.now());
        return message;
      };
      const run = async (): Promise<AddressReport> => {
        const { key, version } = entry;
        return { key, version, ...(await sending.send(recipient, entry, getMessage)) };
      };
      return { recipient, entry, round, run };
    });
  });
  const runInTurn = slots.openLane();
  const running = new Map<StoredAddress, Promise<AddressReport>>();
  for (const { recipient, entry, run } of inOrder(items)) {
    const getDoubt = () => suspects.getDoubt(recipient, Date.now());
    const kind = { owner: `${appId}:${recipient.userId}`, getDoubt };
    // What is put off without a call needs no slot.
    running.set(entry, sending.isOff(recipient, Date.now()) ? run() : runInTurn(run, kind));
  }
  const reports = await Promise.all(
    targets.map(async ({ userId, attempt, addresses }): Promise<TargetReport> => {
      const reports = await Promise.all(addresses.flatMap((entry) => running.get(entry) ?? []));
      return { userId, attempt, addresses: reports };
    }),
  );
  const blocked = listBlocked(appId, channelKey, Date.now());
  const group = { notificationId: notification.id, channelKey, channelType };
  return { leaseId: id, ...group, isSlow, targets: reports, blocked };
}

/**
 * Who kept silent lately comes last; else first addresses first; among them those of the service that most users of the
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
    round,
    isSilent: Number(suspects.getDoubt(recipient, now) === 2),
    users: users.get(recipient.scope)?.size ?? 0,
  });
  return items
    .map((item) => ({ item, ...rankOf(item) }))
    .sort((a, b) => a.isSilent - b.isSilent || a.round - b.round || b.users - a.users)
    .map(({ item }) => item);
}

/** The calls of one lease. */
class LeaseSending {
  readonly #sender: Sender;
  readonly #isSlow: boolean;
  readonly #deadlines: SendDeadlines;
  readonly #suspectsBefore: number;

  constructor(sender: Sender, isSlow: boolean, deadlines: SendDeadlines) {
    const { timeoutMs } = sender.config;
    this.#sender = sender;
    this.#isSlow = isSlow;
    this.#deadlines = deadlines;
    this.#suspectsBefore = Date.now() + (isSlow ? timeoutMs : Math.min(timeoutMs, SUSPECTS_BEGIN_MS));
  }

  /**
   * True where an address in doubt isn't asked in this lease, whose others would wait for it: after a while none is,
   * and in the common queues who kept silent lately isn't at all.
   */
  isOff(recipient: Recipient, now: number): boolean {
    const doubt = suspects.getDoubt(recipient, now);
    return doubt > 0 && (now >= this.#suspectsBefore || (!this.#isSlow && doubt === 2));
  }

  async send(recipient: Recipient, entry: StoredAddress, getMessage: () => SendMessage): Promise<Sent> {
    const { config, appId, channelKey } = this.#sender;
    const now = Date.now();
    const isSuspect = suspects.getDoubt(recipient, now) > 0;
    if (this.isOff(recipient, now)) {
      // It goes on by the slow queue, or where it is in that already, after a pause.
      const outcome: AddressOutcome = {
        outcome: "untried",
        ...(this.#isSlow && { afterMs: config.retryMs }),
      };
      return { outcome, wasAsked: false, isSlow: true };
    }
    const scope = `${appId}:${channelKey}:${entry.scope}`;
    if (now >= this.#deadlines.startBefore || !circuits.tryPass(scope, now, config.probeMs)) {
      return { outcome: { outcome: "untried" }, wasAsked: false, isSlow: isSuspect };
    }
    const patienceMs = isSuspect && !this.#isSlow ? SUSPECTS_ANSWER_MS : config.timeoutMs;
    try {
      return await this.#ask(recipient, entry, getMessage(), Math.min(patienceMs, config.timeoutMs));
    } catch (error) {
      // A fault of our own, not the provider's. What was sent beside it must be reported all the same.
      console.error({ message: "a message failed", app: appId, channel: channelKey, error });
      const outcome: AddressOutcome = {
        outcome: "retry",
        message: "the sending service failed",
        afterMs: null,
      };
      return { outcome, wasAsked: false };
    }
  }

  async #ask(
    recipient: Recipient,
    entry: StoredAddress,
    send: SendMessage,
    patienceMs: number,
  ): Promise<Sent> {
    const { config, appId, channelKey } = this.#sender;
    const startedAt = Date.now();
    const { answerBefore } = this.#deadlines;
    const answer = await send(this.#sender, entry, { patienceMs, answerBefore });
    if (!answer.wasAsked) return { outcome: answer.outcome, wasAsked: false };
    const now = Date.now();
    const response = { status: answer.status, ms: now - startedAt, timeoutMs: patienceMs };
    const isTelling = suspects.note(recipient, response, now);
    const isRetry = answer.outcome.outcome === "retry";
    const scope = `${appId}:${channelKey}:${entry.scope}`;
    if (!isRetry) circuits.noteAnswer(scope);
    else if (isTelling) circuits.noteFailure(scope, now, config.probeMs);
    const isSlow = isRetry && answer.status === null && suspects.getDoubt(recipient, now) > 0;
    return { outcome: answer.outcome, wasAsked: isTelling, isSlow };
  }
}
