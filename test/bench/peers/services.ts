import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { findFreePort } from "../free-port.ts";

const DEBIAN_POSTGRES = "/usr/lib/postgresql";
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** Durable as they come; more memory than their defaults, as Onecall's objects have theirs. */
const POSTGRES_SETTINGS = [
  "shared_buffers=256MB",
  "max_wal_size=2GB",
  "wal_buffers=16MB",
  "max_connections=50",
];
const REDIS_SETTINGS = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];

/** A user whom a service may run as: postgres refuses to be root's. */
interface Owner {
  uid: number;
  gid: number;
}

/** Redis and Postgres in a temporary folder, on ports of their own. */
export class Services {
  readonly redisPort: number;
  readonly postgresPort: number;
  readonly #folder: string;
  readonly #owner: Owner | undefined;
  readonly #binaries: { redis: string; postgres: string };
  readonly #running = new Map<"postgres" | "redis", ChildProcess>();

  private constructor(
    folder: string,
    owner: Owner | undefined,
    binaries: { redis: string; postgres: string },
    [redisPort, postgresPort]: [number, number],
  ) {
    this.#folder = folder;
    this.#owner = owner;
    this.#binaries = binaries;
    this.redisPort = redisPort;
    this.postgresPort = postgresPort;
  }

  /** Throws, with what to install, where one of them is missing. */
  static async create(): Promise<Services> {
    const binaries = await findBinaries();
    const owner = await findOwner();
    const folder = await mkdtemp(join(tmpdir(), "onecall-peers-"));
    if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
    const services = new Services(folder, owner, binaries, [await findFreePort(), await findFreePort()]);
    const initdb = join(binaries.postgres, "initdb");
    const data = ["-D", join(folder, "postgres"), "-U", "bench", "--auth=trust", "--encoding=UTF8"];
    await promisify(execFile)(initdb, [...data, "--no-locale"], { cwd: folder, ...owner });
    await services.start();
    return services;
  }

  async start(): Promise<void> {
    const redis = ["--port", String(this.redisPort), "--dir", this.#folder, ...REDIS_SETTINGS];
    this.#spawn("redis", this.#binaries.redis, redis);
    await Promise.all([this.#startPostgres(), waitForPort(this.redisPort)]);
  }

  /**
   * After a kill it recovers first, and refuses who comes meanwhile. What served a query of the killed one lives on
   * until it has noticed; as long as that has the shared memory, a new one ends at once, and is started again.
   */
  async #startPostgres(): Promise<void> {
    const place = ["-p", String(this.postgresPort)];
    const settings = ["listen_addresses=127.0.0.1", ...POSTGRES_SETTINGS].flatMap((setting) => [
      "-c",
      setting,
    ]);
    const given = ["-D", join(this.#folder, "postgres"), ...place, "-k", this.#folder, ...settings];
    const start = () => this.#spawn("postgres", join(this.#binaries.postgres, "postgres"), given);
    let server = start();
    await until(`port ${this.postgresPort}`, () => {
      if (hasEnded(server)) server = start();
      const isReady = join(this.#binaries.postgres, "pg_isready");
      return promisify(execFile)(isReady, ["-h", "127.0.0.1", ...place]).then(
        () => true,
        () => false,
      );
    });
  }

  #spawn(name: "postgres" | "redis", binary: string, given: readonly string[]): ChildProcess {
    const child = spawn(binary, given, { cwd: this.#folder, stdio: "ignore", ...this.#owner });
    this.#running.set(name, child);
    return child;
  }

  /** SIGKILL to both; what they had told the system to write stays. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGINT");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await Promise.all(
      [...this.#running.values()].map(async (child) => {
        if (hasEnded(child)) return;
        const exit = once(child, "exit");
        child.kill(signal);
        await exit;
      }),
    );
    this.#running.clear();
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function findBinaries(): Promise<{ redis: string; postgres: string }> {
  const redis = await findInPath("redis-server");
  const versions = await readdir(DEBIAN_POSTGRES).catch(() => []);
  const [newest] = versions.toSorted((a, b) => Number(b) - Number(a));
  const postgres =
    newest === undefined ? await findInPath("initdb") : join(DEBIAN_POSTGRES, newest, "bin", "initdb");
  const missing = [...(redis === null ? ["redis-server"] : []), ...(postgres === null ? ["postgresql"] : [])];
  if (redis !== null && postgres !== null) return { redis, postgres: join(postgres, "..") };
  throw new Error(`The peers need what isn't installed: apt-get install -y ${missing.join(" ")}`);
}

async function findInPath(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}

/** Undefined where this process isn't root's. */
async function findOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  return { uid: Number(user?.[2]), gid: Number(user?.[3]) };
}

async function waitForPort(port: number): Promise<void> {
  await until(`port ${port}`, async () => {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    return isOpen;
  });
}

async function until(what: string, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await isReady())) {
    if (Date.now() > deadline) throw new Error(`Nothing answers on ${what}`);
    await delay(POLL_MS);
  }
}
