import type { HttpAnswer } from "./answers.ts";
import { readRetryAfter } from "./backoff.ts";

/** No answer: the connection broke, or it took too long. */
export interface NoAnswer {
  failure: string;
}

/** Of an error's body, enough for any provider's JSON; an access token's answer is read whole. */
const ERROR_TEXT_BYTES = 4096;
const WHOLE_TEXT_BYTES = 64 * 1024;

/** Calls whose time ends within so many ms of each other are given up together. */
const ROUNDING_MS = 100;

interface Deadline {
  controller: AbortController;
  timer: ReturnType<typeof setTimeout>;
  calls: number;
}

interface TimedFetchOptions {
  /** A success's body is dropped otherwise. */
  keepsBody?: boolean;
  /** Bytes of an answer's body that are read, at most. */
  keptBytes?: number;
}

/**
 * Calls that are given up when their time is over, of one request or queue batch. They share timers: a timer
 * and a signal for each call cost a tenth of what a push does.
 */
export class TimedFetch {
  readonly #deadlines = new Map<number, Deadline>();

  /**
   * A call that is given up after `timeoutMs` or little later, body included. Redirects aren't followed: a URL
   * that was checked must not lead to one that wasn't.
   */
  async call(
    url: string,
    init: RequestInit,
    timeoutMs: number,
    { keepsBody = false, keptBytes }: TimedFetchOptions = {},
  ): Promise<HttpAnswer | NoAnswer> {
    const at = Math.ceil((Date.now() + timeoutMs) / ROUNDING_MS) * ROUNDING_MS;
    const deadline = this.#take(at);
    const { signal } = deadline.controller;
    try {
      const response = await fetch(url, { ...init, redirect: "manual", signal });
      const retryAfter = response.headers.get("retry-after");
      const retryAfterMs = retryAfter === null ? null : readRetryAfter(retryAfter, Date.now());
      if (response.ok && !keepsBody && keptBytes === undefined) {
        // Unread bodies hold a connection; an empty one has nothing to hold. The call was taken, whatever
        // becomes of the body.
        if (response.headers.get("content-length") !== "0") await response.body?.cancel().catch(() => {});
        return { status: response.status, text: "", retryAfterMs };
      }
      const text = await readStart(response, keptBytes ?? (keepsBody ? WHOLE_TEXT_BYTES : ERROR_TEXT_BYTES));
      return { status: response.status, text, retryAfterMs };
    } catch {
      const seconds = timeoutMs / 1000;
      return { failure: signal.aborted ? `no answer within ${seconds} s` : "the connection failed" };
    } finally {
      this.#release(at, deadline);
    }
  }

  #take(at: number): Deadline {
    let deadline = this.#deadlines.get(at);
    if (deadline === undefined) {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), Math.max(at - Date.now(), 0));
      deadline = { controller, timer, calls: 0 };
      this.#deadlines.set(at, deadline);
    }
    deadline.calls++;
    return deadline;
  }

  #release(at: number, deadline: Deadline): void {
    if (--deadline.calls > 0) return;
    // Not AbortSignal.timeout(): a timer that isn't cleared keeps a Durable Object awake.
    clearTimeout(deadline.timer);
    this.#deadlines.delete(at);
  }
}

async function readStart(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk.subarray(0, maxBytes - bytes), { stream: true });
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return text;
}
