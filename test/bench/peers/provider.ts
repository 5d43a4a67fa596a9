import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** As the fake push providers of Onecall's part are told to be. */
export const ANSWER_AFTER_MS = 5;

/** What takes the peers' sends, and knows which came again. */
export class CountingProvider {
  readonly #server = createServer();
  readonly #arrivals = new Map<string, number>();

  static async start(): Promise<CountingProvider> {
    const provider = new CountingProvider();
    provider.#server.on("request", async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const send = Buffer.concat(pieces).toString();
      provider.#arrivals.set(send, (provider.#arrivals.get(send) ?? 0) + 1);
      await delay(ANSWER_AFTER_MS);
      response.end();
    });
    provider.#server.listen(0, "127.0.0.1");
    await once(provider.#server, "listening");
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Distinct sends, and how many came beyond the first of each. */
  get received(): { distinct: number; repeated: number } {
    const counts = [...this.#arrivals.values()];
    return { distinct: counts.length, repeated: counts.reduce((sum, count) => sum + count - 1, 0) };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
