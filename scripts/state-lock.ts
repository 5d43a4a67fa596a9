import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartRefusal } from "./arguments.ts";

/**
 * Takes a state folder for this process, until it ends: two Workers on the same databases would each overwrite
 * what the other has written. The lock is a local socket that this process listens on, so a process that was killed
 * leaves no lock behind.
 *
 * @param folder must exist.
 * @throws {StartRefusal} where another process has it.
 */
export async function lockStateFolder(folder: string): Promise<void> {
  const path = socketPath(realpathSync(folder));
  if (await answers(path)) throw isInUse(folder);
  // Nobody listens: what lies there is of a process that was killed.
  if (process.platform !== "win32") rmSync(path, { force: true });
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(hasCode(error, "EADDRINUSE") ? isInUse(folder) : error));
    server.listen(path, resolve);
  });
  // It holds the lock, not the process.
  server.unref();
}

/**
 * Resolves where nothing listens on the port yet.
 *
 * @throws {StartRefusal} where something does.
 */
export async function requireFreePort(port: number): Promise<void> {
  if (port === 0) return;
  // wrangler listens on "localhost", which may be either.
  for (const host of ["127.0.0.1", "::1"]) {
    const error = await tryPort(port, host);
    if (hasCode(error, "EADDRINUSE")) {
      throw new StartRefusal(`Port ${port} is taken: choose another with --port N, or 0 for any free one.`);
    }
    if (hasCode(error, "EACCES")) {
      throw new StartRefusal(`Port ${port} isn't allowed to you: choose one above 1023 with --port N.`);
    }
  }
}

// A name of a fixed length: the system's limit for a socket's path is about 100 characters.
function socketPath(folder: string): string {
  const name = `onecall-${createHash("sha256").update(folder).digest("hex").slice(0, 32)}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function tryPort(port: number, host: string): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

function isInUse(folder: string): StartRefusal {
  return new StartRefusal(
    `The state folder ${folder} is in use by another npm start: end that one, or choose another with --persist-to DIR.`,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
