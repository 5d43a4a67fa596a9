import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";

const ARRIVAL_TIMEOUT_MS = 30_000;

/** The app's own server, which hears of completed notifications. */
export class Webhooks {
  readonly url: string;
  readonly #server: Server;
  readonly #arrived = new Set<string>();
  readonly #awaited = new Map<string, () => void>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/`;
    server.on("request", async (request, response) => {
      const { data } = JSON.parse(await text(request)) as { data: { id: string } };
      this.#arrived.add(data.id);
      this.#awaited.get(data.id)?.();
      response.writeHead(204).end();
    });
  }

  static async listen(): Promise<Webhooks> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("There is no port");
    return new Webhooks(server, address.port);
  }

  /** @throws where none comes in time. */
  async arrival(notificationId: string): Promise<void> {
    if (this.#arrived.has(notificationId)) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("A webhook didn't come")), ARRIVAL_TIMEOUT_MS);
      this.#awaited.set(notificationId, () => {
        clearTimeout(late);
        resolve();
      });
    });
    this.#awaited.delete(notificationId);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
