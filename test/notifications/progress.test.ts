import { describe, expect, it } from "vitest";
import { API, type Body, createApp, createReadyApp, fetchWorker, type TestApp } from "../support/api.ts";
import { CapturingQueue, callWith, consume } from "../support/faults.ts";
import { expectSumToClose } from "../support/wait.ts";

/** The events of a progress stream, one by one. */
async function* readEvents(app: TestApp, id: string): AsyncGenerator<Body> {
  const response = await fetchWorker(`https://onecall.test${API}/notifications/${id}/progress`, {
    headers: app.headers,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith("event: progress\ndata: ")) yield JSON.parse(event.slice(event.indexOf("{")));
    }
  }
}

async function sendCaptured(app: TestApp, count: number): Promise<{ id: string; queue: CapturingQueue }> {
  const queue = new CapturingQueue();
  const uids = Array.from({ length: count }, (_, index) => `user-${index}`);
  const variables = Object.fromEntries(uids.map((uid) => [uid, { customerName: "A", orderId: "1" }]));
  const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", "/notifications/send", {
    template: { key: "order-confirmation", variables },
    targets: uids,
    mode: "batch",
  });
  return { id: sent.body.notificationId, queue };
}

describe("GET {api}/notifications/{id}/progress", () => {
  it("tells the counts whenever they change, and ends with the final state", async () => {
    const app = await createReadyApp();
    const { id, queue } = await sendCaptured(app, 900);
    const events: Body[] = [];
    for await (const event of readEvents(app, id)) {
      events.push(event);
      expectSumToClose(event);
      const chunk = queue.messages.shift();
      if (chunk !== undefined) await consume([chunk]);
    }
    const delivered = events.map(({ counts }) => counts["in-app-alerts"].delivered);
    expect(delivered[0]).toBe(0);
    expect(delivered.at(-1)).toBe(900);
    // Each event is news.
    expect(new Set(delivered).size).toBe(delivered.length);
    expect(events.map(({ state }) => state)).toEqual([...events.slice(1).map(() => "sending"), "completed"]);
    expect(events.at(-1)).toMatchObject({ id, completedAt: expect.any(String) });
  });

  it("of a notification that is completed is one event", async () => {
    const app = await createReadyApp();
    const { id, queue } = await sendCaptured(app, 3);
    await consume(queue.messages);
    for await (const _ of readEvents(app, id));
    const events: Body[] = [];
    for await (const event of readEvents(app, id)) events.push(event);
    expect(events).toMatchObject([{ state: "completed" }]);
  });

  it("is 404 for another app's, and needs the scope read", async () => {
    const app = await createReadyApp();
    const { id } = await sendCaptured(app, 1);
    const path = `/notifications/${id}/progress`;
    expect((await (await createApp()).api("GET", path)).status).toBe(404);
    expect((await (await app.keyWith(["send"])).api("GET", path)).status).toBe(403);
  });
});
