import { spawn } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { readArguments, runScript } from "./arguments.ts";
import { INBOX_SOURCES } from "./assets/inbox-sources.ts";
import { PLAIN, STYLES } from "./assets/vite.ts";
import { ENTRIES, type Entry, nameOf } from "./package/entries.ts";
import { formatTime } from "./terminal.ts";
import { ROOT } from "./wrangler.ts";

const USAGE = `Usage: npm run build:package

Builds into dist/ what npm pack ships: the modules that package.json exports, and their types.`;

const FOLDER = join(ROOT, "dist");
/** Each has its types made by itself: they are for different places. */
const PROJECTS = ["src/client/tsconfig.json", "src/inbox/tsconfig.json"];
/** What whoever imports a wrapper has already. */
const FRAMEWORKS = /^(react|react-dom|vue|svelte)(\/|$)/;

await runScript(USAGE, async () => {
  readArguments({}, USAGE);
  const start = performance.now();
  rmSync(FOLDER, { recursive: true, force: true });
  const isCommand = ({ source }: Entry) => source.startsWith("src/client/cli/");
  await Promise.all([
    buildModules(ENTRIES.filter((entry) => !isCommand(entry))),
    // With all that it imports in it: else the client would become a part that both share.
    buildModules(ENTRIES.filter(isCommand)),
    ...PROJECTS.map(buildTypes),
  ]);
  nameModules();
  console.log(`dist/ built in ${formatTime(start)}`);
});

async function buildModules(entries: readonly Entry[]): Promise<void> {
  await build({
    ...PLAIN,
    ...INBOX_SOURCES,
    build: {
      ...STYLES,
      outDir: FOLDER,
      emptyOutDir: false,
      target: "es2022",
      minify: true,
      sourcemap: true,
      lib: {
        entry: Object.fromEntries(entries.map((entry) => [nameOf(entry), join(ROOT, entry.source)])),
        formats: ["es"],
      },
      rolldownOptions: {
        external: [/^node:/, FRAMEWORKS],
        output: {
          chunkFileNames: "shared/[name]-[hash].js",
          // Of a library, vite would keep the white space and the marks of what is pure.
          minify: true,
          comments: false,
        },
      },
    },
  });
}

/** Types beside the modules: of dist/client/index.js there is dist/client/index.d.ts. */
async function buildTypes(project: string): Promise<void> {
  const outputs = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly"];
  const places = ["--rootDir", join(ROOT, "src"), "--outDir", FOLDER];
  await run("tsc", "-p", join(ROOT, project), ...outputs, ...places);
}

/** Sources import each other as `.ts`; in dist/ their types stand beside modules, and are found by those. */
function nameModules(): void {
  for (const file of globSync("**/*.d.ts", { cwd: FOLDER })) {
    const text = readFileSync(join(FOLDER, file), "utf8");
    writeFileSync(join(FOLDER, file), text.replaceAll(/((?:from|import)[ (]"\.[^"]*)\.tsx?"/g, '$1.js"'));
  }
}

function run(command: string, ...args: string[]): Promise<void> {
  const child = spawn(join(ROOT, "node_modules", ".bin", command), args, { cwd: ROOT, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}
