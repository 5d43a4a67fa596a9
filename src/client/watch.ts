import type { Notification } from "./api-types.ts";
import { OnecallError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { pause, pauseAfter } from "./pause.ts";
import { lostAnswer } from "./refusal.ts";
import type { Requests } from "./requests.ts";
import { type Aborts, joinAborts } from "./signals.ts";

/** How far a notification is. */
export type Progress = Pick<Notification, "id" | "state" | "completedAt" | "counts">;

/** The service says something every 15 s, be it that it is still there. */
const SILENCE_MS = 40_000;
/** A stream that ends sooner was cut by something that lets none through. */
const SHORT_STREAM_MS = 10_000;
/** After so many short ones, the notification itself is read in their place. */
const MAX_SHORT_STREAMS = 3;
const POLL_MS = 2000;
/** Reads in a row that may fail before the watch does. */
const MAX_MISSES = 10;

/** Whatever changes, once, until the notification is completed. */
export async function* watchProgress(
  requests: Requests,
  path: string,
  options: CallOptions = {},
): AsyncGenerator<Progress, void, undefined> {
  let shown = "";
  let misses = 0;
  let shortStreams = 0;
  for (;;) {
    const start = Date.now();
    const isPolling = shortStreams >= MAX_SHORT_STREAMS;
    try {
      for await (const progress of isPolling
        ? poll(requests, path, options)
        : stream(requests, path, options)) {
        misses = 0;
        const json = JSON.stringify(progress);
        if (json !== shown) yield progress;
        if (progress.state === "completed") return;
        shown = json;
      }
    } catch (error) {
      if (!(error instanceof OnecallError && error.retryable) || ++misses > MAX_MISSES) throw error;
    }
    if (!isPolling && Date.now() - start < SHORT_STREAM_MS) shortStreams++;
    await pause(isPolling ? POLL_MS : (pauseAfter(misses, 0) ?? 0), options.signal);
  }
}

async function* poll(requests: Requests, path: string, options: CallOptions): AsyncGenerator<Progress> {
  const { id, state, completedAt, counts } = await requests.get<Notification>(path, options);
  yield { id, state, completedAt, counts };
}

async function* stream(requests: Requests, path: string, options: CallOptions): AsyncGenerator<Progress> {
  const aborts = joinAborts(options.signal);
  try {
    aborts.after(SILENCE_MS);
    const { body } = await requests.open(`${path}/progress`, {
      ...options,
      signal: aborts.signal,
      maxRetries: 0,
    });
    if (body !== null) yield* readEvents(body, aborts);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error instanceof OnecallError
      ? error
      : lostAnswer(error, aborts.hasTimedOut ? SILENCE_MS : null, true);
  } finally {
    aborts.stop();
  }
}

/** The data of Server-Sent Events, as they come. */
async function* readEvents(body: ReadableStream<Uint8Array>, aborts: Aborts): AsyncGenerator<Progress> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      aborts.after(SILENCE_MS);
      const { done, value } = await aborts.race(reader.read());
      if (done) return;
      const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) yield JSON.parse(data);
      }
    }
  } finally {
    // Who looks away needn't hear that the stream had ended by itself.
    reader.cancel().catch(() => {});
  }
}
