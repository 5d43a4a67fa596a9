import { setTimeout as delay } from "node:timers/promises";
import type { ChaosServer } from "./server.ts";

export const API = "/v3/business-messaging/api";
const CALL_TIMEOUT_MS = 15_000;
/** A send that a kill cut off may be run again 30 s later: docs/api.md, Idempotency. */
const GIVE_UP_MS = 120_000;
const PAUSE_MS = 100;

export interface Call {
  method: "GET" | "POST" | "PUT";
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON, but for a form. */
  body?: object;
}

export interface Answer {
  status: number;
  text: string;
}

/** An answer that no outage excuses. */
export class UnexpectedAnswer extends Error {}

/**
 * A client that does what the API's documents tell it to: what fails for an outage, or has no answer, is repeated as it
 * was, under the same `Idempotency-Key`, until it is answered.
 */
export class ChaosClient {
  readonly #server: ChaosServer;
  /** The headers of the app's own server. */
  app: Record<string, string> = {};
  /** How many calls had no answer or one that asks for a repeat. */
  repeated = 0;

  constructor(server: ChaosServer) {
    this.#server = server;
  }

  get admin(): Record<string, string> {
    return { authorization: `Bearer ${this.#server.adminToken}` };
  }

  /** @throws {UnexpectedAnswer} for any answer but success and those that ask for a repeat. */
  async call<T>(call: Call): Promise<T> {
    return JSON.parse(await this.text(call)) as T;
  }

  /** The same, with the body as it is. */
  async text(call: Call): Promise<string> {
    const deadline = Date.now() + GIVE_UP_MS;
    for (;;) {
      const answer = await this.once(call);
      if (answer !== null && answer.status < 300) return answer.text;
      if (answer !== null && !asksForRepeat(answer)) throw unexpected(call, answer);
      this.repeated++;
      if (Date.now() > deadline) throw unexpected(call, answer);
      await delay(PAUSE_MS);
    }
  }

  /** Null where there is no answer, or not a whole one. */
  async once({ method, path, headers = this.app, body }: Call): Promise<Answer | null> {
    const { url } = this.#server;
    if (url === null) return null;
    const isForm = body instanceof FormData;
    try {
      const response = await fetch(path.startsWith("http") ? path : `${url}${path}`, {
        method,
        headers: { ...headers, ...(body && !isForm && { "content-type": "application/json" }) },
        body: isForm ? body : body && JSON.stringify(body),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return null;
    }
  }
}

function asksForRepeat({ status, text }: Answer): boolean {
  if (status === 503 || (status === 409 && text.includes('"ERR_CONFLICT"'))) return true;
  // wrangler's own proxy answers for a Worker that is just being started or killed.
  return status >= 500 && !text.includes('"error"');
}

function unexpected({ method, path }: Call, answer: Answer | null): UnexpectedAnswer {
  const what =
    answer === null ? "gave no answer for two minutes" : `answered ${answer.status} ${answer.text}`;
  return new UnexpectedAnswer(`${method} ${path} ${what}`);
}
