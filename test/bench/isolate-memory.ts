import { setTimeout as delay } from "node:timers/promises";

const SAMPLE_MS = 5;

/** Bytes. */
interface HeapUsage {
  /** Of V8's heap in use, what nobody refers to but isn't collected yet included. */
  usedSize: number;
  /** Of objects that the runtime keeps for those of the heap. */
  embedderHeapUsedSize: number;
  /** Of V8's heap as it was taken from the system. */
  totalSize: number;
  /** Of array buffers, which lie outside it. */
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

  /** False once the isolate has ended, also where another has been started in its place. */
  get isAlive(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  async readMb(): Promise<number> {
    const { totalSize, backingStorageSize } = await this.#read();
    return (totalSize + backingStorageSize) / 1e6;
  }

  /** The same, without what V8 has taken from the system and doesn't use. */
  async readUsedMb(): Promise<number> {
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await this.#read();
    return (usedSize + embedderHeapUsedSize + backingStorageSize) / 1e6;
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

  async #read(): Promise<HeapUsage> {
    const id = ++this.#lastId;
    const usage = await new Promise<HeapUsage>((resolve, reject) => {
      const fail = () => reject(new Error("The isolate has ended"));
      if (!this.isAlive) fail();
      this.#socket.addEventListener("close", fail, { once: true });
      this.#answers.set(id, (read) => {
        this.#socket.removeEventListener("close", fail);
        resolve(read);
      });
      this.#socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
    });
    this.#answers.delete(id);
    return usage;
  }
}
