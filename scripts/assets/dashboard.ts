import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";
import { ROOT } from "../wrangler.ts";
import type { Asset, Bundle } from "./asset.ts";
import { buildFiles } from "./vite.ts";

/** Of what the first page loads, and of all files together; kB gzip. */
const MAX_FIRST_LOAD_KB = 45;
const MAX_ALL_KB = 90;

const FOLDER = join(ROOT, "src/dashboard");

/**
 * The dashboard's page, which the Worker serves with its policy, and its hashed files, which are served without it and
 * kept for a year.
 */
export async function buildDashboard(): Promise<Bundle> {
  const outputs = await buildFiles({
    root: FOLDER,
    base: "/dashboard/",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      target: "es2023",
      minify: true,
      assetsDir: "assets",
      // The page's policy lets nothing in that isn't a file of this service.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  const assets = outputs.map(
    (output): Asset => ({
      path: `dashboard/${output.fileName}`,
      contents: output.type === "chunk" ? output.code : output.source,
    }),
  );
  requireSmall(outputs);
  if (!assets.some(({ path }) => path === "dashboard/index.html"))
    throw new Error("The dashboard has no page");
  return {
    assets,
    headers: `/dashboard/assets/*
  Cache-Control: public, max-age=31536000, immutable
  Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
  Cross-Origin-Resource-Policy: same-origin
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
  Strict-Transport-Security: max-age=31536000
`,
  };
}

/** @throws where the page loads more than a slow connection has in a second. */
function requireSmall(outputs: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[]): void {
  const sizes = new Map(
    outputs.map((output) => [
      output.fileName,
      gzipSync(output.type === "chunk" ? output.code : output.source, { level: 9 }).byteLength / 1000,
    ]),
  );
  const chunks = new Map(
    outputs.flatMap((output) => (output.type === "chunk" ? [[output.fileName, output] as const] : [])),
  );
  const first = new Set(outputs.flatMap(({ fileName, type }) => (type === "asset" ? [fileName] : [])));
  const add = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    for (const imported of chunks.get(name)?.imports ?? []) add(imported);
  };
  for (const { fileName, isEntry } of chunks.values()) if (isEntry) add(fileName);
  const sum = (names: Iterable<string>) =>
    [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
  const [firstLoad, all] = [sum(first), sum(sizes.keys())];
  console.log(`The dashboard's first load has ${firstLoad.toFixed(1)} kB gzip, all of it ${all.toFixed(1)}`);
  if (firstLoad > MAX_FIRST_LOAD_KB) throw new Error(`The first load is above ${MAX_FIRST_LOAD_KB} kB gzip`);
  if (all > MAX_ALL_KB) throw new Error(`The dashboard is above ${MAX_ALL_KB} kB gzip`);
}
