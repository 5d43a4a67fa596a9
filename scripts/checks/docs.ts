import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm run check:docs`: no line of a document or a comment is wider than a screen, every link leads to a file and a
 * heading that are there, every file that a document names is there, and CONTRIBUTING.md names every helper of tests.
 * Names each place where it isn't so.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAX_COLUMNS = 120;

/** Files and folders of the project, as documents name them: `src/model/limits.ts`, `test/push/*.test.ts`. */
const NAMED_PATH = /`((?:src|test|scripts|docs|\.ci)\/[\w./*{},-]+)`/g;

const documents = globSync(["*.md", "docs/**/*.md", "test/**/*.md", "examples/*.md"], { cwd: ROOT }).sort();
const sources = globSync(["src/**/*.ts", "test/**/*.ts", "scripts/**/*.ts"], {
  cwd: ROOT,
  exclude: ["src/worker-env.d.ts", "src/client/api-types/*.ts"],
}).sort();
const texts = new Map(
  [...documents, ...sources].map((file) => [file, readFileSync(join(ROOT, file), "utf8")]),
);

interface Line {
  text: string;
  /** `file:line`, as a terminal opens it. */
  place: string;
  isFenced: boolean;
}

function* listLines(file: string): Generator<Line> {
  let isFenced = false;
  for (const [index, text] of (texts.get(file) ?? "").split("\n").entries()) {
    if (text.trimStart().startsWith("```")) isFenced = !isFenced;
    yield { text, place: `${file}:${index + 1}`, isFenced };
  }
}

/** What is wider than it must be. An answer that is shown as it comes, or a word without a space, can't be broken. */
function isTooWide({ text, isFenced }: Line): boolean {
  if ([...text].length <= MAX_COLUMNS) return false;
  if (isFenced && /^\s*["{[]/.test(text)) return false;
  return text.trimStart().replace(/^- /, "").includes(" ");
}

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .replace(/[`*]/g, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function listAnchors(file: string): Set<string> {
  const headings = [...listLines(file)].filter(({ text, isFenced }) => !isFenced && /^#+ /.test(text));
  return new Set(headings.map(({ text }) => anchorOf(text.replace(/^#+ /, ""))));
}

/** What is wrong with a link of a document; null where it leads somewhere. */
function findLinkFault(from: string, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return null;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(ROOT, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined || listAnchors(target).has(anchor)) return null;
  return `${link}: ${target} has no such heading`;
}

function hasFile(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("{")
    ? globSync(pattern, { cwd: ROOT }).length > 0
    : existsSync(join(ROOT, pattern));
}

const faults: string[] = [];
for (const file of documents) {
  // Whole, because links and code may be broken over lines.
  const text = [...listLines(file)].map((line) => (line.isFenced ? "" : line.text)).join("\n");
  for (const line of listLines(file))
    if (isTooWide(line)) faults.push(`${line.place}: over ${MAX_COLUMNS} columns`);
  for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    const fault = findLinkFault(file, link);
    if (fault !== null) faults.push(`${file}: ${fault}`);
  }
  // What a changelog or a decision names may have gone since.
  const isHistory = file === "CHANGELOG.md" || file.startsWith("docs/decisions/");
  if (isHistory) continue;
  for (const [, path = ""] of text.matchAll(NAMED_PATH)) {
    if (!hasFile(path)) faults.push(`${file}: there is no ${path}`);
  }
}
for (const file of sources) {
  for (const { text, place } of listLines(file)) {
    const isComment = /^\s*(\/\/|\/?\*)/.test(text);
    if (isComment && isTooWide({ text, place, isFenced: false })) {
      faults.push(`${place}: over ${MAX_COLUMNS} columns`);
    }
    for (const [, document = "", anchor] of text.matchAll(/(docs\/[\w/.-]+\.md|README\.md)(#[\w-]+)?/g)) {
      const fault = findLinkFault("README.md", `${document}${anchor ?? ""}`);
      if (fault !== null) faults.push(`${place}: ${fault}`);
    }
  }
}
const helpers = texts.get("CONTRIBUTING.md") ?? "";
for (const name of readdirSync(join(ROOT, "test/support"))) {
  if (!helpers.includes(`\`${name}`)) faults.push(`CONTRIBUTING.md: of test/support, ${name} isn't named`);
}
for (const fault of faults) console.error(fault);
console.log(`${documents.length} documents and ${sources.length} sources: ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
