import { afterEach, describe, expect, it, vi } from "vitest";
import { Onecall } from "../../src/client/index.ts";

describe("a stream that falls silent", () => {
  afterEach(() => vi.useRealTimers());

  it("is opened again after 40 s", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const data = { id: "1", state: "sending", completedAt: null, counts: {} };
    let streams = 0;
    const fetch = async (): Promise<Response> => {
      streams++;
      const state = streams === 1 ? "sending" : "completed";
      const text = `data: ${JSON.stringify({ ...data, state })}\n\n`;
      return new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) }),
      );
    };
    const client = new Onecall({ url: "https://onecall.test", apiKey: "key", fetch });
    const states: string[] = [];
    const watching = async () => {
      for await (const { state } of client.notifications.watch("1")) states.push(state);
    };
    const watched = watching();
    await vi.advanceTimersByTimeAsync(39_000);
    expect(streams).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await watched;
    expect(states).toEqual(["sending", "completed"]);
    expect(streams).toBe(2);
  });
});
