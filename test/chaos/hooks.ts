import { type Call, createInbox, type Inbox } from "../support/webhook-receiver/client.ts";
import { API, type ChaosClient } from "./client.ts";
import type { Sent } from "./sent.ts";

/** The webhook channel of a run, beside the demo's. */
export const HOOKS = { key: "hooks", name: "Hooks", type: "webhook" } as const;
/** Some calls are cut off, some are asked for later. */
const RULES = [
  { drop: true, times: 3 },
  { status: 503, times: 5 },
];

export interface HookVerdict {
  /** Deliveries that never reached their receiver. */
  lost: number;
  /** Calls beyond the first of a delivery that was answered 200: each under the id of the first. */
  repeated: number;
  calls: number;
  violations: string[];
}

/** Users whose webhook address is one receiver, and what it got. */
export class HookWatch {
  readonly #inbox: Inbox;
  readonly users: ReadonlySet<string>;

  private constructor(inbox: Inbox, users: ReadonlySet<string>) {
    this.#inbox = inbox;
    this.users = users;
  }

  /** Makes the channel and gives these users their address. */
  static async create(
    client: ChaosClient,
    receiverUrl: string,
    users: readonly string[],
  ): Promise<HookWatch> {
    const inbox = await createInbox(receiverUrl);
    const { secret } = await client.call<{ secret: string }>({
      method: "POST",
      path: `${API}/channels`,
      body: HOOKS,
    });
    await inbox.expectSecrets(secret);
    await inbox.answerWith(...RULES);
    for (const user of users) {
      const path = `${API}/users/${user}/addresses/webhook`;
      await client.call({ method: "PUT", path, body: { url: inbox.url } });
    }
    return new HookWatch(inbox, new Set(users));
  }

  /** Who of a send's users must have got it: what its counts must have as delivered. */
  listReached({ users, incomplete }: Sent): string[] {
    return [...this.users].filter((user) => users.has(user) && !incomplete.has(user));
  }

  /** Each delivery has come, under one id that no other has, and with one body. */
  async judge(sent: readonly Sent[]): Promise<HookVerdict> {
    const calls = await this.#inbox.calls();
    const verdict: HookVerdict = { lost: 0, repeated: 0, calls: calls.length, violations: [] };
    const byDelivery = Map.groupBy(calls, deliveryOf);
    const ids = new Set<string>();
    for (const one of sent) {
      for (const user of this.listReached(one)) {
        const name = `${one.id} ${user}`;
        const told = byDelivery.get(name) ?? [];
        byDelivery.delete(name);
        const taken = told.filter(({ answered }) => answered === 200);
        if (taken.length === 0) verdict.lost++;
        else verdict.repeated += taken.length - 1;
        const own = new Set(told.map((call) => `${call.id} ${JSON.stringify(call.body)}`));
        if (own.size > 1) verdict.violations.push(`${name} came as ${own.size} messages`);
        for (const id of new Set(told.map((call) => call.id))) {
          if (ids.has(id)) verdict.violations.push(`${name} has the id of another delivery`);
          ids.add(id);
        }
      }
    }
    for (const name of byDelivery.keys())
      verdict.violations.push(`nobody sent what a user's URL got: ${name}`);
    if (verdict.lost > 0)
      verdict.violations.push(`${verdict.lost} deliveries to webhook addresses were lost`);
    return verdict;
  }
}

function deliveryOf({ body }: Call): string {
  return `${body.data.notificationId} ${body.data.userId}`;
}
