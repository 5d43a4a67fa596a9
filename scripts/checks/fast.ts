import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { bold, dim, formatTime, green, red } from "../terminal.ts";
import { ROOT } from "../wrangler.ts";
import { selectTests } from "./select-tests.ts";

/**
 * `npm run check:fast`: while one works. Types, the style of the files that changed since the last commit (or by it,
 * where nothing has since), and the tests nearest to them, all at once. `npm run check` is what counts.
 */

/** Where TypeScript keeps what it knows of files that didn't change. */
const CACHE = join(ROOT, ".wrangler", "types");
/** Without looking for circles of imports, for which every file is read. */
const STYLE = [
  "check",
  "--error-on-warnings",
  "--no-errors-on-unmatched",
  "--skip=suspicious/noImportCycles",
];

function git(...args: string[]): string[] {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).split("\n").filter(Boolean);
}

function listChanged(): string[] {
  const since = [...git("diff", "--name-only", "HEAD"), ...git("ls-files", "--others", "--exclude-standard")];
  const changed = since.length > 0 ? since : git("diff", "--name-only", "HEAD~1", "HEAD");
  return [...new Set(changed)].filter((file) => existsSync(join(ROOT, file)));
}

/** Runs a command of node_modules/.bin to its end; what it says is shown where it fails. */
async function run(name: string, command: string, args: readonly string[]): Promise<boolean> {
  const start = performance.now();
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const said: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => said.push(piece));
  child.stderr.on("data", (piece: Buffer) => said.push(piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const mark = code === 0 ? green("✓") : red("✗");
  console.log(`${mark} ${name} ${dim(formatTime(start))}`);
  if (code !== 0) process.stdout.write(Buffer.concat(said));
  return code === 0;
}

function checkTypes(project: string): Promise<boolean> {
  const name = project.replaceAll("/", "-");
  const cache = ["--incremental", "--tsBuildInfoFile", join(CACHE, `${name}.tsbuildinfo`)];
  return run(`types: ${project}`, "tsc", ["-p", project, ...cache]);
}

const start = performance.now();
mkdirSync(CACHE, { recursive: true });
const changed = listChanged();
const tests = selectTests(changed);
console.log(bold(`${changed.length} files changed`), dim(tests.join(" ")));
const isOfNode = (file: string): boolean => /^(scripts|test\/(bench|chaos|e2e|soak|support))\//.test(file);
const checks = [run("style", "biome", [...STYLE, ...changed])];
if (changed.some((file) => /^(src|test)\//.test(file))) checks.push(checkTypes("tsconfig.json"));
if (changed.some(isOfNode)) checks.push(checkTypes("scripts/tsconfig.json"));
for (const folder of ["src/inbox", "src/dashboard", "test/web"]) {
  if (changed.some((file) => file.startsWith(`${folder}/`)))
    checks.push(checkTypes(`${folder}/tsconfig.json`));
}
if (changed.some((file) => file.endsWith(".md"))) {
  checks.push(run("documents", process.execPath, ["scripts/checks/docs.ts"]));
}
if (tests.length > 0) {
  const projects = ["--project", "shared", "--project", "alone"];
  checks.push(
    run(`tests: ${tests.length} files`, "vitest", ["run", "--reporter=dot", ...projects, ...tests]),
  );
}
const isGood = (await Promise.all(checks)).every((passed) => passed);
console.log(isGood ? green("good") : red("not good"), dim(formatTime(start)));
process.exitCode = isGood ? 0 : 1;
