import type { IncomingHttpHeaders } from "node:http";
import type { Counts, Provider, Received, Rejected, Service, Summary } from "./model.ts";

/** As it arrived: Node hands every header of a request but set-cookie over as one string. */
export type ReceivedPush = Omit<Received, "headers"> & { headers: IncomingHttpHeaders };

interface Tally {
  requests: number;
  accepted: number;
  faulted: number;
  rejected: number;
  maxConcurrent: number;
  repeated: number;
  devices: Set<string>;
  /** Device and key of every accepted push that has a key. */
  shown: Set<string>;
}

/** What one project's providers saw. */
export class Journal {
  readonly #keepReceived: number;
  readonly #concurrent = { fcm: 0, apns: 0, webpush: 0 };
  #received: ReceivedPush[] = [];
  #rejected: Rejected[] = [];
  #tallies = newTallies();
  #oauth = { requests: 0, issued: 0 };
  #apnsTokens = new Set<string>();
  #vapidTokens = new Set<string>();

  constructor(keepReceived: number) {
    this.#keepReceived = keepReceived;
  }

  /** A push request has arrived. */
  begin(provider: Provider): void {
    const tally = this.#tallies[provider];
    tally.requests += 1;
    this.#concurrent[provider] += 1;
    tally.maxConcurrent = Math.max(tally.maxConcurrent, this.#concurrent[provider]);
  }

  /** Its answer has left, or its socket was closed. */
  end(provider: Provider): void {
    this.#concurrent[provider] -= 1;
  }

  accept(push: ReceivedPush): void {
    const tally = this.#tallies[push.provider];
    tally.accepted += 1;
    tally.devices.add(push.device);
    if (push.key !== null) {
      const before = tally.shown.size;
      tally.shown.add(`${push.device} ${push.key}`);
      tally.repeated += before === tally.shown.size ? 1 : 0;
    }
    if (this.#received.length < this.#keepReceived) {
      this.#received.push(push);
    }
  }

  fault(provider: Provider): void {
    this.#tallies[provider].faulted += 1;
  }

  reject(rejected: Rejected): void {
    if (rejected.provider !== "oauth") {
      this.#tallies[rejected.provider].rejected += 1;
    }
    this.#rejected.push(rejected);
  }

  oauthRequested(): void {
    this.#oauth.requests += 1;
  }

  oauthIssued(): void {
    this.#oauth.issued += 1;
  }

  apnsTokenSeen(jwt: string): void {
    this.#apnsTokens.add(jwt);
  }

  vapidTokenSeen(jwt: string): void {
    this.#vapidTokens.add(jwt);
  }

  entries(provider?: Service): { received: ReceivedPush[]; rejected: Rejected[] } {
    const isAsked = (entry: { provider: Service }) => provider === undefined || entry.provider === provider;
    return { received: this.#received.filter(isAsked), rejected: this.#rejected.filter(isAsked) };
  }

  summary(): Summary {
    return {
      fcm: countsOf(this.#tallies.fcm),
      apns: countsOf(this.#tallies.apns),
      webpush: countsOf(this.#tallies.webpush),
      oauth: this.#oauth,
      apnsTokens: this.#apnsTokens.size,
      vapidTokens: this.#vapidTokens.size,
    };
  }

  clear(): void {
    this.#received = [];
    this.#rejected = [];
    this.#tallies = newTallies();
    this.#oauth = { requests: 0, issued: 0 };
    this.#apnsTokens = new Set();
    this.#vapidTokens = new Set();
  }
}

function newTallies(): Record<Provider, Tally> {
  const newTally = (): Tally => ({
    requests: 0,
    accepted: 0,
    faulted: 0,
    rejected: 0,
    maxConcurrent: 0,
    repeated: 0,
    devices: new Set(),
    shown: new Set(),
  });
  return { fcm: newTally(), apns: newTally(), webpush: newTally() };
}

function countsOf({ devices, shown: _, ...counts }: Tally): Counts {
  return { ...counts, devices: devices.size };
}
