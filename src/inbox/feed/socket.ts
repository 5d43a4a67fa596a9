import { FeedError, type Tokens } from "./calls.ts";

/** Beside the token, so that the server needn't name that. */
const PROTOCOL = "onecall-feed";
const CLOSE_UNAUTHORIZED = 4401;
const CLOSE_REPLACED = 4409;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** A connection that was lost without a word is noticed by the second of these. */
const HEARTBEAT_MS = 40_000;
/** As long a socket must have been open for its token to count as accepted. */
const SETTLED_MS = 5000;

interface SocketOptions {
  url: string;
  tokens: Tokens;
  onMessage: (message: unknown) => void;
  onOpen: () => void;
  /** It was asked whether it is open still, and is. */
  onAlive: () => void;
  /** It is being opened again; no message comes meanwhile. */
  onLost: () => void;
  /** No token is good, or too many are open: it stays closed until `wake` or another session. */
  onEnd: (error: FeedError) => void;
}

/** A feed socket that is opened again whenever it was lost, until it is closed. */
export class FeedSocket {
  readonly #options: SocketOptions;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #lost = 0;
  #isClosed = false;
  #hasRenewed = false;
  #awaitsPong = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    void this.#open();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** The page is looked at, or the network is back: what waits is tried now, what is open is asked whether it is. */
  wake(): void {
    if (this.#isClosed) return;
    if (this.isOpen) {
      // Whoever comes back wakes it twice in a moment: only a heartbeat takes a missing answer for a loss.
      if (!this.#awaitsPong) this.#ping();
    } else if (this.#socket === null) {
      this.#hasRenewed = false;
      void this.#open();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTimers();
    this.#socket?.close(1000);
    this.#socket = null;
  }

  async #open(): Promise<void> {
    this.#stopTimers();
    let token: string;
    try {
      token = await this.#options.tokens.current();
    } catch (error) {
      return this.#end(error);
    }
    if (this.#isClosed || this.#socket !== null) return;
    const socket = new WebSocket(this.#options.url, [PROTOCOL, token]);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#read(socket, data);
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#lose(code, reason, token);
    };
    socket.onopen = () => {
      this.#heartbeat = setInterval(() => this.#ping(), HEARTBEAT_MS);
      this.#timer = setTimeout(() => {
        this.#hasRenewed = false;
      }, SETTLED_MS);
    };
  }

  #read(socket: WebSocket, data: unknown): void {
    if (this.#socket !== socket || typeof data !== "string") return;
    if (data === "pong") {
      this.#awaitsPong = false;
      this.#options.onAlive();
      return;
    }
    const message = parse(data);
    this.#options.onMessage(message);
    // The first message is what a token that is accepted is answered with: an open alone may be a refusal.
    if (this.#lost >= 0) {
      this.#lost = -1;
      this.#options.onOpen();
    }
  }

  #ping(): void {
    if (!this.isOpen) return;
    if (this.#awaitsPong) {
      this.#lose(1006, "", "");
    } else {
      this.#awaitsPong = true;
      this.#socket?.send("ping");
    }
  }

  #lose(code: number, reason: string, token: string): void {
    const lost = this.#socket;
    this.#socket = null;
    this.#stopTimers();
    this.#awaitsPong = false;
    // Without a word of its own, where it is the network that is gone.
    if (lost !== null && lost.readyState < WebSocket.CLOSING) lost.close();
    this.#lost = Math.max(0, this.#lost);
    if (code === CLOSE_REPLACED) this.#end(new FeedError("ERR_REPLACED", reason));
    else if (code === CLOSE_UNAUTHORIZED) void this.#renew(token, reason);
    else this.#comeAgain();
  }

  #comeAgain(): void {
    this.#options.onLost();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#lost++);
    this.#timer = setTimeout(() => void this.#open(), wait * (0.5 + Math.random() / 2));
  }

  async #renew(refused: string, reason: string): Promise<void> {
    if (this.#hasRenewed) return this.#end(new FeedError("ERR_UNAUTHORIZED", reason, 401));
    this.#hasRenewed = true;
    try {
      await this.#options.tokens.renew(refused);
    } catch (error) {
      return this.#end(error);
    }
    await this.#open();
  }

  #end(error: unknown): void {
    if (this.#isClosed) return;
    this.#options.onEnd(error instanceof FeedError ? error : new FeedError("ERR_TOKEN", String(error)));
  }

  #stopTimers(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
