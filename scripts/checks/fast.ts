import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { bold, dim, formatTime, green, red } from "../terminal.ts";
import { ROOT } from "../wrangler.ts";
import { type Command, runCommands } from "./commands.ts";
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

/** What `git diff` compares: the last commit and what stands here, or that commit itself where nothing has changed. */
function findRange(): readonly string[] {
  const since = [...git("diff", "--name-only", "HEAD"), ...listNew()];
  return since.length > 0 ? ["HEAD"] : ["HEAD~1", "HEAD"];
}

function listNew(): string[] {
  return git("ls-files", "--others", "--exclude-standard");
}

function listChanged(): string[] {
  const changed = [...git("diff", "--name-only", ...range), ...listNew()];
  return [...new Set(changed)].filter((file) => existsSync(join(ROOT, file)));
}

/** Only then can an export have become one that nobody uses. */
function changesExports(): boolean {
  return git("diff", ...range, "--", "*.ts", "*.tsx").some((line) => /^[-+](import|export)\b/.test(line));
}

function checkTypes(project: string): Command {
  const name = project.replaceAll("/", "-");
  const cache = ["--incremental", "--tsBuildInfoFile", join(CACHE, `${name}.tsbuildinfo`)];
  return [`types: ${project}`, "tsc", ["-p", project, ...cache]];
}

const start = performance.now();
mkdirSync(CACHE, { recursive: true });
const range = findRange();
const changed = listChanged();
const tests = selectTests(changed);
console.log(bold(`${changed.length} files changed`), dim(tests.join(" ")));
const isOfNode = (file: string): boolean => /^(scripts|test\/(bench|chaos|e2e|soak|support))\//.test(file);
const commands: Command[] = [
  ["style", "biome", [...STYLE, ...changed]],
  ["lengths", process.execPath, ["scripts/checks/lengths.ts", ...changed]],
];
if (changed.some((file) => /^(src|test)\//.test(file))) commands.push(checkTypes("tsconfig.json"));
if (changed.some(isOfNode)) commands.push(checkTypes("scripts/tsconfig.json"));
for (const folder of ["src/client", "src/inbox", "src/dashboard", "test/web"]) {
  if (changed.some((file) => file.startsWith(`${folder}/`))) {
    commands.push(checkTypes(`${folder}/tsconfig.json`));
  }
}
if (changed.some((file) => file.endsWith(".md"))) {
  commands.push(["documents", process.execPath, ["scripts/checks/docs.ts"]]);
}
if (changesExports()) commands.push(["unused exports", "knip", ["--no-config-hints"]]);
if (tests.length > 0) {
  const projects = ["--project", "shared", "--project", "alone"];
  commands.push([`tests: ${tests.length} files`, "vitest", ["run", "--reporter=dot", ...projects, ...tests]]);
}
const isGood = await runCommands(commands, commands.length);
console.log(isGood ? green("good") : red("not good"), dim(formatTime(start)));
process.exitCode = isGood ? 0 : 1;
