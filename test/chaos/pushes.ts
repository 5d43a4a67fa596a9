import { createHash } from "node:crypto";
import { addressOf, type Device, type Received } from "../support/providers/client.ts";
import type { Sent } from "./sent.ts";
import { type ChaosServer, LEASE_MS } from "./server.ts";
import { CALL_HEADER, readUnanswered } from "./worker/message-faults.ts";
import { settledName } from "./worker/settled.ts";

/** A claim is reported within its lease; what else is between is the machine's. */
const SLACK_MS = 500;

export interface PushVerdict {
  /** Pushes that never reached their device. */
  lost: number;
  /** Beyond the first of a notification on a device. */
  repeated: number;
  /** Of these, the ones whose first was in flight at a kill, and those that had no answer, or too late a one. */
  repeatedByKill: number;
  repeatedUnanswered: number;
  /** Sent after they were written down as taken: never right. */
  repeatedSettled: number;
  violations: string[];
}

/** What is known of the Worker's lives. */
type Known = Pick<ChaosServer, "kills" | "settled">;

/**
 * Each device of each target got each notification, and more than once only where the sender couldn't know that it
 * had: it got no answer, or was killed before its report was written down.
 */
export function judgePushes(
  received: readonly Received[],
  sent: readonly Sent[],
  devices: ReadonlyMap<string, readonly Device[]>,
  known: Known,
): PushVerdict {
  const verdict: PushVerdict = {
    lost: 0,
    repeated: 0,
    repeatedByKill: 0,
    repeatedUnanswered: 0,
    repeatedSettled: 0,
    violations: [],
  };
  // Whether a push had an answer, only its sender knows, and it tells so with the next.
  const unanswered = new Set(received.flatMap(({ headers }) => readUnanswered(headers)));
  const byPush = new Map<string, Received[]>();
  for (const push of received) {
    const id = notificationOf(push.payload);
    // What makes a repeat show once: the notification's id, in the form that the provider takes.
    if (push.key === null || id === null || push.key.replaceAll("-", "") !== id.replaceAll("-", "")) {
      verdict.violations.push(`a push of ${id} has the key ${push.key}`);
    }
    const name = `${push.device} ${id}`;
    byPush.set(name, [...(byPush.get(name) ?? []), push]);
  }
  for (const { id, users, incomplete } of sent) {
    for (const [user, owned] of devices) {
      for (const device of owned) {
        const name = `${addressOf(device)} ${id}`;
        const arrivals = byPush.get(name) ?? [];
        byPush.delete(name);
        const isExpected = users.has(user) && !incomplete.has(user);
        if (isExpected && arrivals.length === 0) verdict.lost++;
        if (!isExpected && arrivals.length > 0) verdict.violations.push(`${user} got a push of ${id}`);
        if (arrivals.length < 2) continue;
        const settledAt = known.settled.get(settledName(id, keyOf(device))) ?? Number.POSITIVE_INFINITY;
        judgeRepeats(arrivals, { ...known, unanswered, settledAt }, verdict, `${user}, ${id}`);
      }
    }
  }
  for (const name of byPush.keys()) verdict.violations.push(`nobody sent the push ${name}`);
  if (received.length > 0 && known.settled.size === 0) {
    verdict.violations.push("no push was seen written down in the Worker's log: repeats can't be judged");
  }
  if (verdict.lost > 0) verdict.violations.push(`${verdict.lost} pushes were lost`);
  return verdict;
}

function judgeRepeats(
  arrivals: readonly Received[],
  {
    kills,
    unanswered,
    settledAt,
  }: { kills: Known["kills"]; unanswered: ReadonlySet<string>; settledAt: number },
  verdict: PushVerdict,
  name: string,
): void {
  for (const [index, push] of arrivals.slice(0, -1).entries()) {
    const next = arrivals[index + 1];
    verdict.repeated++;
    if (next !== undefined && next.at > settledAt) {
      const late = next.at - settledAt;
      verdict.repeatedSettled++;
      verdict.violations.push(`${name}: it was sent ${late} ms after it was written down as taken`);
    }
    if (unanswered.has(push.headers[CALL_HEADER] ?? "")) {
      verdict.repeatedUnanswered++;
      continue;
    }
    const wasKilled = kills.some(
      ({ from, to }) => push.at <= to && push.at >= from - LEASE_MS - SLACK_MS && (next?.at ?? 0) >= from,
    );
    if (wasKilled) verdict.repeatedByKill++;
    else {
      const times = kills.map(({ from }) => `${push.at - from} ms`).join(", ");
      verdict.violations.push(
        `${name}: an answered push came again after ${(next?.at ?? 0) - push.at} ms; it came ${times} after the kills`,
      );
    }
  }
}

/** As the push channel makes an address's key. */
function keyOf(device: Device): string {
  return createHash("sha256")
    .update(`${device.provider}:${addressOf(device)}`)
    .digest("hex");
}

/** Every provider's form has the id somewhere in the data. */
function notificationOf(payload: unknown): string | null {
  if (typeof payload !== "object" || payload === null) return null;
  for (const [name, value] of Object.entries(payload)) {
    const id = name === "notificationId" && typeof value === "string" ? value : notificationOf(value);
    if (id !== null) return id;
  }
  return null;
}
