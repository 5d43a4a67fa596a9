import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { readArguments, runScript } from "./arguments.ts";
import type { Asset, Bundle } from "./assets/asset.ts";
import { buildDashboard } from "./assets/dashboard.ts";
import { buildInbox } from "./assets/inbox.ts";
import { formatTime } from "./terminal.ts";
import { ROOT } from "./wrangler.ts";

const USAGE = `Usage: npm run build:assets

Builds what the Worker serves as static assets into build/assets, where its sources have changed since the last time.`;

const FOLDER = join(ROOT, "build", "assets");
/** What the folder was built from. */
const STAMP = join(ROOT, "build", "assets.stamp");
const SOURCES = [
  "src/{inbox,dashboard,client}/**/*",
  "scripts/{build-assets.ts,assets/*}",
  "package-lock.json",
];
const BUNDLES: readonly (() => Promise<Bundle>)[] = [buildInbox, buildDashboard];

await runScript(USAGE, async () => {
  readArguments({}, USAGE);
  const stamp = readSources();
  // wrangler runs this at each start: mostly there is nothing to do.
  if (existsSync(FOLDER) && readStamp() === stamp) return;
  const start = performance.now();
  const bundles = await Promise.all(BUNDLES.map((build) => build()));
  const headers = bundles.map((bundle) => bundle.headers).join("");
  const assets = bundles.flatMap((bundle) => bundle.assets);
  putAssets([...assets, { path: "_headers", contents: headers }]);
  writeWhole(STAMP, stamp);
  for (const { path, contents } of assets) {
    const size = gzipSync(contents, { level: 9 }).byteLength;
    console.log(`build/assets/${path} ${(size / 1000).toFixed(1)} kB gzip`);
  }
  console.log(`Built in ${formatTime(start)}`);
});

/** A digest of all that decides about the files. */
function readSources(): string {
  const digest = createHash("sha256");
  const files = globSync(SOURCES, { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) digest.update(`${file}\0`).update(readFileSync(file));
  return digest.digest("hex");
}

function readStamp(): string | null {
  return existsSync(STAMP) ? readFileSync(STAMP, "utf8") : null;
}

/** Other processes may be serving the folder: each file is replaced as a whole, and none is missing meanwhile. */
function putAssets(assets: readonly Asset[]): void {
  for (const { path, contents } of assets) writeWhole(join(FOLDER, path), contents);
  const kept = new Set(assets.map(({ path }) => path));
  for (const entry of globSync("**/*", { cwd: FOLDER, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(FOLDER.length + 1).replaceAll("\\", "/");
    if (entry.isFile() && !kept.has(path) && !path.endsWith(".part")) rmSync(file, { force: true });
  }
}

function writeWhole(file: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  // Another build at the same time has a file of its own.
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, contents);
  renameSync(part, file);
}
