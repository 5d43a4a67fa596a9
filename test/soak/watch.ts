import { execFile } from "node:child_process";
import { promisify } from "node:util";

const SAMPLE_MS = 2000;

/** Resident memory of workerd over time, MB. Everything of Onecall runs in it, and the local queues, KV and R2 too. */
export class MemoryWatch {
  readonly samples: { atMs: number; mb: number }[] = [];
  readonly #groupId: number;
  readonly #start = performance.now();
  #timer: ReturnType<typeof setInterval> | null = null;

  /** @param groupId the process group of `npm start`. */
  constructor(groupId: number) {
    this.#groupId = groupId;
  }

  start(): void {
    this.#timer = setInterval(() => void this.sample(), SAMPLE_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async sample(): Promise<void> {
    const atMs = performance.now() - this.#start;
    this.samples.push({ atMs, mb: await readWorkerdMb(this.#groupId) });
  }
}

/** The largest: wrangler's own proxy is a workerd too. */
async function readWorkerdMb(groupId: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pgid=,rss=,comm="]);
  const sizes = stdout.split("\n").flatMap((line) => {
    const [group, kilobytes, command = ""] = line.trim().split(/\s+/);
    return Number(group) === groupId && command.includes("workerd") ? [Number(kilobytes)] : [];
  });
  return Math.max(0, ...sizes) / 1024;
}
