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
const PAGE = "index.html";

/** What so many pages use is in one file, which all of them begin with. */
const MIN_PAGES_SHARING = 3;

/** Where whoever is signed in mostly begins: its code comes with the first script, not when that has run. */
const HOME = join(FOLDER, "pages/home.tsx");

type Output = Rolldown.OutputChunk | Rolldown.OutputAsset;

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
      // Many small files cost a phone more than what some pages don't need of a larger one.
      rolldownOptions: {
        output: { codeSplitting: { groups: [{ name: "shared", minShareCount: MIN_PAGES_SHARING }] } },
      },
    },
  });
  const homeFiles = listHomeFiles(outputs);
  const assets = outputs.map(
    (output): Asset => ({
      path: `dashboard/${output.fileName}`,
      contents: output.fileName === PAGE ? nameEarly(contentsOf(output), homeFiles) : contentsOf(output),
    }),
  );
  requireSmall(outputs, homeFiles);
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

function contentsOf(output: Output): string | Uint8Array {
  return output.type === "chunk" ? output.code : output.source;
}

/** The files of Home, with all that they import. */
function listHomeFiles(outputs: readonly Output[]): Set<string> {
  const home = outputs.find((output) => output.type === "chunk" && output.facadeModuleId === HOME);
  if (home === undefined) throw new Error("The dashboard has no Home");
  return withImports(outputs, [home.fileName]);
}

/** These files, and all that they import. */
function withImports(outputs: readonly Output[], names: readonly string[]): Set<string> {
  const all = new Set<string>();
  const add = (name: string): void => {
    if (all.has(name)) return;
    all.add(name);
    for (const output of outputs) {
      if (output.type === "chunk" && output.fileName === name) output.imports.forEach(add);
    }
  };
  names.forEach(add);
  return all;
}

/** The page, with what it needs next named in it: it is fetched beside the script, in no round trip of its own. */
function nameEarly(contents: string | Uint8Array, names: ReadonlySet<string>): string {
  const page = typeof contents === "string" ? contents : new TextDecoder().decode(contents);
  const links = [...names]
    .map((name) => `/dashboard/${name}`)
    .filter((path) => !page.includes(`"${path}"`))
    .map((path) => `  <link rel="modulepreload" crossorigin href="${path}">\n  `);
  if (!page.includes("</head>")) throw new Error("The dashboard's page has no head");
  return page.replace("</head>", `${links.join("")}</head>`);
}

/** @throws where the page loads more than a slow connection has in a second. */
function requireSmall(outputs: readonly Output[], homeFiles: ReadonlySet<string>): void {
  const sizes = new Map(
    outputs.map((output) => [output.fileName, gzipSync(contentsOf(output), { level: 9 }).byteLength / 1000]),
  );
  const entries = outputs.filter((output) => output.type === "asset" || output.isEntry);
  const first = withImports(
    outputs,
    entries.map(({ fileName }) => fileName),
  );
  const sum = (names: Iterable<string>) =>
    [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
  const [firstLoad, all] = [sum(new Set([...first, ...homeFiles])), sum(sizes.keys())];
  console.log(`The dashboard's first load has ${firstLoad.toFixed(1)} kB gzip, all of it ${all.toFixed(1)}`);
  if (firstLoad > MAX_FIRST_LOAD_KB) throw new Error(`The first load is above ${MAX_FIRST_LOAD_KB} kB gzip`);
  if (all > MAX_ALL_KB) throw new Error(`The dashboard is above ${MAX_ALL_KB} kB gzip`);
}
