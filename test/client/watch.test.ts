import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Onecall, type Progress } from "../../src/client/index.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { clientOf } from "../support/client.ts";

const VARIABLES = { customerName: "Jane", orderId: "A-1" };

async function sendBatch(app: TestApp): Promise<string> {
  const recipients = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`user-${index}`, VARIABLES]),
  );
  return (await clientOf(app).notifications.sendBatch("order-confirmation", recipients)).notificationId;
}

async function collect(progress: AsyncIterable<Progress>): Promise<Progress[]> {
  const seen: Progress[] = [];
  for await (const one of progress) seen.push(one);
  return seen;
}

describe("watch", () => {
  it("ends with what the notification is in the end, and says nothing twice", async () => {
    const app = await createReadyApp();
    const id = await sendBatch(app);
    const seen = await collect(clientOf(app).notifications.watch(id));
    const { state, counts, completedAt } = await clientOf(app).notifications.get(id);
    expect(seen.at(-1)).toEqual({ id, state, counts, completedAt });
    expect(state).toBe("completed");
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(seen.length);
  });

  it("reads the notification where no stream comes through", async () => {
    const app = await createReadyApp();
    const id = await sendBatch(app);
    const paths: string[] = [];
    // Cut in its first bytes, as by a proxy that lets none through.
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      paths.push(new URL(url).pathname);
      if (!url.endsWith("/progress")) return exports.default.fetch(url, init);
      const body = new ReadableStream({
        start: (controller) => controller.error(new TypeError("terminated")),
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const client = new Onecall({ url: "https://onecall.test", apiKey: app.apiKey, fetch });
    const seen = await collect(client.notifications.watch(id));
    expect(seen.at(-1)?.state).toBe("completed");
    expect(paths.filter((path) => path.endsWith("/progress"))).toHaveLength(3);
  });

  it("is refused where there is no such notification", async () => {
    const app = await createReadyApp();
    await expect(collect(clientOf(app).notifications.watch("nothing"))).rejects.toMatchObject({
      code: "ERR_NOT_FOUND",
    });
  });

  it("ends with its signal, and reads no further", async () => {
    const app = await createReadyApp();
    const controller = new AbortController();
    let isCancelled = false;
    const fetch = async (): Promise<Response> => {
      const data = { id: "1", state: "sending", completedAt: null, counts: {} };
      return new Response(
        new ReadableStream({
          start: (stream) =>
            stream.enqueue(new TextEncoder().encode(`event: progress\ndata: ${JSON.stringify(data)}\n\n`)),
          cancel: () => {
            isCancelled = true;
          },
        }),
      );
    };
    const client = new Onecall({ url: "https://onecall.test", apiKey: app.apiKey, fetch });
    const watching = async () => {
      for await (const { state } of client.notifications.watch("1", { signal: controller.signal })) {
        expect(state).toBe("sending");
        controller.abort(new Error("Seen enough"));
      }
    };
    await expect(watching()).rejects.toThrow("Seen enough");
    expect(isCancelled).toBe(true);
  });
});
