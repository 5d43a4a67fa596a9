import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import * as v from "valibot";
import { ENTRIES, nameOf } from "../package/entries.ts";
import { ROOT } from "../wrangler.ts";

/**
 * `npm run check:package`: packs the package as `npm pack` does, and says what is wrong with it: what it exports
 * (publint), its types (attw), what an install of it would bring along, and modules above their size.
 */

const FOLDER = join(ROOT, "dist");
/** Of a module, what it imports of the package. */
const RELATIVE_IMPORT = /(?:from|import)\s*\(?"(\.[^"]+)"/g;

const PackedSchema = v.tuple([v.object({ filename: v.string(), size: v.number(), entryCount: v.number() })]);
const ManifestSchema = v.object({ dependencies: v.optional(v.record(v.string(), v.string())) });

const faults: string[] = [];

/** What a command of node_modules/.bin, or npm, printed. What it says where it fails is a fault. */
function run(name: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) faults.push(`${name}:\n${stdout}${stderr}`);
  return stdout;
}

/** A module and all that it imports of the package, compressed one by one as a server does it. */
function gzipBytes(file: string, seen: Set<string> = new Set()): number {
  if (seen.has(file)) return 0;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  const imports = [...text.matchAll(RELATIVE_IMPORT)].map(([, path = ""]) => join(dirname(file), path));
  const own = gzipSync(text, { level: 9 }).byteLength;
  return imports.reduce((sum, imported) => sum + gzipBytes(imported, seen), own);
}

function checkSizes(): void {
  for (const entry of ENTRIES) {
    if (entry.maxGzipKb === undefined) continue;
    const file = join(FOLDER, `${nameOf(entry)}.js`);
    const kb = gzipBytes(file) / 1000;
    const shown = `${relative(ROOT, file)} has ${kb.toFixed(2)} kB gzip of ${entry.maxGzipKb}`;
    console.log(shown);
    if (kb > entry.maxGzipKb) faults.push(shown);
  }
}

/** Whoever installs the package gets nothing beside it: the Worker's libraries are wrangler's to bundle. */
function checkDependencies(): void {
  const manifest = v.parse(ManifestSchema, JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  const names = Object.keys(manifest.dependencies ?? {});
  if (names.length > 0)
    faults.push(`package.json has dependencies, which are devDependencies here: ${names}`);
}

const folder = mkdtempSync(join(tmpdir(), "onecall-package-"));
try {
  const packed = run("npm pack", "npm", "pack", "--json", "--silent", "--pack-destination", folder);
  if (faults.length === 0) {
    // What its scripts printed comes first.
    const [{ filename, size, entryCount }] = v.parse(
      PackedSchema,
      JSON.parse(packed.slice(packed.indexOf("[\n"))),
    );
    const tarball = join(folder, filename);
    console.log(`${filename}: ${entryCount} files, ${(size / 1000).toFixed(0)} kB`);
    run("publint", "publint", tarball, "--strict");
    run("attw", "attw", tarball, "--profile", "esm-only", "--no-emoji");
    checkSizes();
    checkDependencies();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
