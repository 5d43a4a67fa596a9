import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { ROOT } from "../../../scripts/wrangler.ts";
import { mustRun } from "./run.ts";

const PackedSchema = v.tuple([v.object({ filename: v.string() })]);

/** Packs the package as a user of the repository would. Returns the tarball's path. */
export async function packPackage(folder: string): Promise<string> {
  const said = await mustRun("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
    cwd: ROOT,
  });
  const [{ filename }] = v.parse(PackedSchema, JSON.parse(said.slice(said.indexOf("[\n"))));
  return join(folder, filename);
}

/** A user's project with the package in it, and these packages of the registry. */
export async function makeProject(
  folder: string,
  tarball: string,
  packages: readonly string[] = [],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "user", type: "module", private: true }),
  );
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  await mustRun("npm", ["install", ...quiet, tarball, ...packages], { cwd: folder });
}
