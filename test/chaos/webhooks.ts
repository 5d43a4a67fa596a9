import { setTimeout as delay } from "node:timers/promises";
import { type Call, createInbox, type Inbox } from "../support/webhook-receiver/client.ts";
import { API, type ChaosClient } from "./client.ts";
import { findFaults, type NotificationRead } from "./counts.ts";
import type { Sent } from "./sent.ts";

const EVENTS = ["notification.accepted", "notification.completed"];
/** One call is cut off, and comes again 5 s later. No more: an event that fails twice waits for minutes. */
const RULES = [{ drop: true, times: 1 }];
const ARRIVAL_TIMEOUT_MS = 400_000;
const POLL_MS = 200;

export interface WebhookVerdict {
  /** Events that no call told of. */
  lost: number;
  /** Calls beyond the first of an event that was answered 200. */
  repeated: number;
  calls: number;
  violations: string[];
}

/** The app's own server as Onecall calls it. */
export class WebhookWatch {
  readonly #inbox: Inbox;
  /** Of the endpoint. */
  readonly id: string;

  private constructor(inbox: Inbox, id: string) {
    this.#inbox = inbox;
    this.id = id;
  }

  static async create(client: ChaosClient, receiverUrl: string): Promise<WebhookWatch> {
    const inbox = await createInbox(receiverUrl);
    const { id, secret } = await client.call<{ id: string; secret: string }>({
      method: "POST",
      path: `${API}/webhooks`,
      body: { url: inbox.url, events: EVENTS },
    });
    await inbox.expectSecrets(secret);
    await inbox.answerWith(...RULES);
    return new WebhookWatch(inbox, id);
  }

  /** Each notification's events have come, each under one id and with counts that close. */
  async judge(sent: readonly Sent[]): Promise<WebhookVerdict> {
    const calls = await this.#waitForAll(sent);
    const verdict: WebhookVerdict = { lost: 0, repeated: 0, calls: calls.length, violations: [] };
    const byEvent = Map.groupBy(calls, eventOf);
    for (const { id, users } of sent) {
      for (const type of EVENTS) {
        const told = byEvent.get(`${type} ${id}`) ?? [];
        byEvent.delete(`${type} ${id}`);
        const taken = told.filter(({ answered }) => answered === 200);
        if (taken.length === 0) verdict.lost++;
        else verdict.repeated += taken.length - 1;
        const ids = new Set(told.map((call) => call.id));
        if (ids.size > 1) verdict.violations.push(`${id}: ${type} came as ${ids.size} events`);
        for (const call of told) {
          const faults = findFaults(call.body.data as NotificationRead, users.size, null);
          for (const { what, shown } of faults) verdict.violations.push(`${id}, ${type}: ${what}: ${shown}`);
        }
      }
    }
    for (const event of byEvent.keys())
      verdict.violations.push(`nobody sent what a webhook tells of: ${event}`);
    if (verdict.lost > 0) verdict.violations.push(`${verdict.lost} webhooks were lost`);
    return verdict;
  }

  async #waitForAll(sent: readonly Sent[]): Promise<Call[]> {
    const deadline = Date.now() + ARRIVAL_TIMEOUT_MS;
    for (;;) {
      const calls = await this.#inbox.calls();
      const taken = new Set(calls.filter(({ answered }) => answered === 200).map(eventOf));
      if (taken.size >= sent.length * EVENTS.length || Date.now() > deadline) return calls;
      await delay(POLL_MS);
    }
  }
}

function eventOf({ type, body }: Call): string {
  return `${type} ${body.data.id}`;
}
