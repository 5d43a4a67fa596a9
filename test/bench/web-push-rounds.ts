import { randomBytes } from "node:crypto";
import type { Urgency } from "web-push";
import type { HelperProcess } from "./helper-process.ts";
import type { LoadResult } from "./load.ts";
import type { PushApp } from "./push-app.ts";
import type { BaselineRound } from "./web-push-baseline.ts";

/** RFC 8030, section 5.4: at most 32 characters of base64url. */
const TOPIC_BYTES = 16;

/** Rounds of web-push that send what Onecall sent: the same payloads to the same subscriptions. */
export class WebPushRounds {
  readonly #app: PushApp<"webpush">;
  readonly #process: HelperProcess;
  readonly #round: BaselineRound;

  private constructor(app: PushApp<"webpush">, process: HelperProcess, round: BaselineRound) {
    this.#app = app;
    this.#process = process;
    this.#round = round;
  }

  /** After Onecall's first batch, which the fake has kept. `process` runs web-push-baseline.ts. */
  static async prepare(app: PushApp<"webpush">, process: HelperProcess): Promise<WebPushRounds> {
    const { received } = await app.project.received("webpush");
    const payloads = new Map(received.map(({ device, payload }) => [device, JSON.stringify(payload)]));
    const pushes = app.devices.map((subscription) => {
      const payload = payloads.get(subscription.endpoint);
      if (payload === undefined) throw new Error("Onecall's first batch left a subscription out");
      return { subscription, payload };
    });
    const { ttl, urgency } = received[0]?.headers ?? {};
    const options = {
      vapidDetails: app.project.credentials.webpush,
      TTL: Number(ttl),
      urgency: urgency as Urgency,
      contentEncoding: "aes128gcm" as const,
    };
    const { origin } = new URL(pushes[0]?.subscription.endpoint ?? "");
    return new WebPushRounds(app, process, { origin, pushes, options });
  }

  /** From the first push to the last answer. Returns pushes a second. */
  async send(): Promise<number> {
    // A topic of its own: the fake would take another round's for a push that was sent twice.
    const options = { ...this.#round.options, topic: randomBytes(TOPIC_BYTES).toString("base64url") };
    const round = { ...this.#round, options };
    const { perSecond } = await this.#app.confirm(() => this.#process.ask<LoadResult>(round));
    return perSecond;
  }
}
