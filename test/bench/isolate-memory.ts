import { setTimeout as delay } from "node:timers/promises";

const SAMPLE_MS = 5;

interface HeapUsage {
  /** Bytes of V8's heap, garbage that isn't collected yet included. */
  totalSize: number;
  /** Bytes of array buffers, which lie outside it. */
  backingStorageSize: number;
}

/** The memory of one isolate, asked of workerd's inspector (Runtime.getHeapUsage of Chrome's protocol). */
export class IsolateMemory {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (usage: HeapUsage) => void>();
  #lastId = 0;
  #isWatching = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result: HeapUsage };
      if (id !== undefined) this.#answers.get(id)?.(result);
    });
  }

  /** Onecall's isolate, not those of the local R2, KV and queues. */
  static async connect(inspectorPort: number): Promise<IsolateMemory> {
    const response = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
    const targets = (await response.json()) as { id: string }[];
    const target = targets.find(({ id }) => id.startsWith("core:user"));
    if (target === undefined) throw new Error("The inspector doesn't list Onecall's isolate");
    const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/${target.id}`);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("The inspector can't be reached")), {
        once: true,
      });
    });
    return new IsolateMemory(socket);
  }

  async readMb(): Promise<number> {
    const id = ++this.#lastId;
    const { totalSize, backingStorageSize } = await new Promise<HeapUsage>((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
    });
    this.#answers.delete(id);
    return (totalSize + backingStorageSize) / 1e6;
  }

  /** The most that was seen while `work` ran. The isolate answers between two pieces of its work. */
  async peakMb(work: () => Promise<unknown>): Promise<number> {
    let peak = 0;
    this.#isWatching = true;
    const watching = (async () => {
      for (; this.#isWatching; await delay(SAMPLE_MS)) peak = Math.max(peak, await this.readMb());
    })();
    await work().finally(() => {
      this.#isWatching = false;
    });
    await watching;
    return peak;
  }

  close(): void {
    this.#socket.close();
  }
}
