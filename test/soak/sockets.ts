const ITEM_TIMEOUT_MS = 10_000;

/** Open feed sockets, one a user. */
export class Sockets {
  readonly #origin: string;
  readonly #open = new Map<string, WebSocket>();

  constructor(url: string) {
    this.#origin = url.replace(/^http/, "ws");
  }

  async open(user: string, token: string): Promise<void> {
    const socket = new WebSocket(`${this.#origin}/v3/business-messaging/api/feed/socket`, [token]);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error("A socket wasn't opened")), { once: true });
    });
    this.#open.set(user, socket);
  }

  /** Resolves with the user's next item. @throws where none comes in time, or the socket has closed. */
  nextItem(user: string): Promise<void> {
    const socket = this.#open.get(user);
    return new Promise((resolve, reject) => {
      if (socket?.readyState !== WebSocket.OPEN) {
        reject(new Error("A socket has closed"));
        return;
      }
      const end = (): void => {
        clearTimeout(late);
        socket.removeEventListener("message", read);
      };
      const read = ({ data }: MessageEvent): void => {
        if (!String(data).includes('"type":"item"')) return;
        end();
        resolve();
      };
      const late = setTimeout(() => {
        end();
        reject(new Error("An item didn't come"));
      }, ITEM_TIMEOUT_MS);
      socket.addEventListener("message", read);
    });
  }

  close(): void {
    for (const socket of this.#open.values()) socket.close();
  }
}
