import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ESTree, parseSync, Visitor } from "vite";
import { ROOT } from "../wrangler.ts";

/**
 * Of `npm run check:style`: a file fits a reader's head, a function a screen. Names each that is longer. Lines are as
 * an editor counts them, with comments and blank ones; biome's rules count neither those nor the text in JSX. Of named
 * files alone where some are named.
 */

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 50;

/** Their callbacks hold tests, as a file holds functions. */
const TEST_GROUPS = /^(describe|suite|it|test)\b/;

const faults: string[] = [];
const all = globSync(["{src,scripts}/**/*.{ts,tsx}", "test/**/*.ts"], { cwd: ROOT });
const named = process.argv.slice(2);
const files = named.length > 0 ? all.filter((file) => named.includes(file)) : all;
for (const file of files.sort()) {
  const text = readFileSync(join(ROOT, file), "utf8");
  const lines = countLines(text);
  if (lines > MAX_FILE_LINES) faults.push(`${file}: ${lines} lines`);
  for (const { start, end } of listFunctions(file, text)) {
    const length = countLines(text.slice(start, end));
    if (length <= MAX_FUNCTION_LINES) continue;
    faults.push(`${file}:${text.slice(0, start).split("\n").length}: a function of ${length} lines`);
  }
}
for (const fault of faults) console.error(fault);
console.log(
  `${files.length} files: ${faults.length} longer than ${MAX_FILE_LINES}, or with a function over ${MAX_FUNCTION_LINES}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

function countLines(text: string): number {
  return text.trimEnd().split("\n").length;
}

/** All functions but the callbacks of groups of tests. */
function listFunctions(file: string, text: string): ESTree.Span[] {
  const functions: ESTree.Span[] = [];
  const groups = new Set<ESTree.Span>();
  const add = (node: ESTree.Span) => {
    if (!groups.has(node)) functions.push(node);
  };
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} can't be read: ${errors[0]?.message}`);
  new Visitor({
    CallExpression({ callee, arguments: given }) {
      if (TEST_GROUPS.test(text.slice(callee.start, callee.end))) for (const one of given) groups.add(one);
    },
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: add,
  }).visit(program);
  return functions;
}
