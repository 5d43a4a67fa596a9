import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Not the project's own: `npm ci` needn't wait for 18 MB that only this bench uses. */
const PACKAGES = { bullmq: "6.7.0", ioredis: "6.0.0", pg: "8.23.1", "pg-boss": "12.38.0" };

/** Installs the peers' clients from the registry into a temporary folder, and returns it. */
export async function installPackages(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "onecall-peers-packages-"));
  const manifest = { name: "onecall-peers", private: true, dependencies: PACKAGES };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  await promisify(execFile)("npm", ["install", ...options], { cwd: folder });
  return folder;
}

/** One of the packages; `T` is what is used of it. */
export function loadPackage<T>(folder: string, name: keyof typeof PACKAGES): T {
  return createRequire(join(folder, "package.json"))(name) as T;
}
