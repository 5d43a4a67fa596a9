import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "./wrangler.ts";

/** Tries for a port that nobody else has taken meanwhile. */
const MAX_STARTS = 3;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const HEALTH_INTERVAL_MS = 50;
const HEALTH_TIMEOUT_MS = 5000;
const KEPT_LOG_CHARACTERS = 8000;

const PORT_TAKEN = "Address already in use";

interface Log {
  /** The end of it. */
  text: string;
  /** What says so may be followed by long reports of what ends with the process. */
  isPortTaken: boolean;
}

export interface LocalWorkerOptions {
  /** 0 (the default) takes a free port. */
  port?: number;
  /** The state folder; the same folder continues where the last run ended. */
  persistTo: string;
  /** The URL of fake push providers; without it pushes go to the real ones. */
  providers?: string;
  /** In place of wrangler.toml's. */
  variables?: Record<string, string>;
  /** Another wrangler.toml. */
  config?: string;
  /** Gets all that it prints, piece by piece. */
  onLog?: (text: string) => void;
}

export interface LocalWorker {
  url: string;
  adminToken: string;
  /** Of its first process, and of the process group that all of its processes are in. */
  pid: number;
  /** The end of what it printed: for a failure's report. */
  recentLog(): string;
  /** Ends it as Ctrl-C would and waits until it has ended. Resolves to its exit status, null if killed. */
  stop(): Promise<number | null>;
  /** SIGKILL to every process at once, as a crash of the machine would. */
  kill(): Promise<void>;
}

/**
 * Runs `scripts/start.ts` in a process group of its own and waits until `/health` answers.
 *
 * @throws when it ends or says nothing useful within a minute, with the end of its output.
 */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  for (let start = 1; ; start++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Of several that start at once two may choose the same free port.
      const isLost = (options.port ?? 0) === 0 && String(error).includes(PORT_TAKEN);
      if (!isLost || start === MAX_STARTS) throw error;
    }
  }
}

async function startOnce(options: LocalWorkerOptions): Promise<LocalWorker> {
  // The channel lets start.ts notice when this process dies without a chance to stop it.
  const stdio: StdioOptions = ["ignore", "pipe", "pipe", "ipc"];
  const child = spawn(process.execPath, argumentsOf(options), { cwd: ROOT, detached: true, stdio });
  const log: Log = { text: "", isPortTaken: false };
  let running = true;
  // Once it has ended, its number may belong to somebody else's group.
  const killGroup = () => running && signalGroup(child, "SIGKILL");
  process.once("exit", killGroup);
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (status) => {
      running = false;
      process.off("exit", killGroup);
      resolve(status);
    });
  });
  const kill = async () => {
    killGroup();
    await ended;
  };
  const stop = async () => {
    child.kill("SIGTERM");
    const late = setTimeout(killGroup, STOP_TIMEOUT_MS);
    const status = await ended;
    clearTimeout(late);
    return status;
  };
  try {
    const { url, adminToken } = await readStartup(child, log, options.onLog);
    await waitForHealth(url);
    return { url, adminToken, pid: child.pid ?? 0, recentLog: () => log.text.trim(), stop, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

function argumentsOf({
  port = 0,
  persistTo,
  providers,
  config,
  variables = {},
}: LocalWorkerOptions): string[] {
  return [
    fileURLToPath(new URL("start.ts", import.meta.url)),
    "--port",
    String(port),
    "--persist-to",
    persistTo,
    ...(providers === undefined ? [] : ["--providers", providers]),
    ...(config === undefined ? [] : ["--config", config]),
    ...Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
  ];
}

function readStartup(
  child: ChildProcess,
  log: Log,
  onLog: (text: string) => void = () => {},
): Promise<{ url: string; adminToken: string }> {
  return new Promise((resolve, reject) => {
    let adminToken: string | undefined;
    const fail = (what: string) => {
      clearTimeout(timeout);
      const cause = log.isPortTaken ? ` (${PORT_TAKEN})` : "";
      reject(new Error(`The local Worker ${what}${cause}:\n${log.text.trim()}`));
    };
    const timeout = setTimeout(() => fail("wasn't ready in time"), START_TIMEOUT_MS);
    const read = (chunk: Buffer) => {
      const text = stripVTControlCharacters(chunk.toString());
      onLog(text);
      log.text += text;
      log.isPortTaken ||= log.text.includes(PORT_TAKEN);
      log.text = log.text.slice(-KEPT_LOG_CHARACTERS);
      adminToken ??= /^Admin token: (\S+)$/m.exec(log.text)?.[1];
      const url = /Ready on (http:\/\/\S+)/.exec(log.text)?.[1];
      if (adminToken && url) {
        clearTimeout(timeout);
        resolve({ url, adminToken });
      } else if (log.text.includes("Build failed with")) {
        // wrangler would wait until the source is corrected. The rest of its report is read first.
        setImmediate(() => fail("couldn't be built"));
      }
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", (error) => fail(`could not be started (${error.message})`));
    child.once("close", (code) => fail(`ended with status ${code}`));
  });
}

async function waitForHealth(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).catch(
      () => null,
    );
    await response?.body?.cancel();
    if (response?.ok) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`GET ${url}/health answered ${response?.status ?? "nothing"}, not 200.`);
    }
    await delay(HEALTH_INTERVAL_MS);
  }
}

/** A group that has ended is what was asked for, so its absence is no error. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
      throw error;
    }
  }
}
