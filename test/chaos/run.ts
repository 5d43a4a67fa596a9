import { readArguments, runScript, UsageError } from "../../scripts/arguments.ts";
import { dim, formatTime } from "../../scripts/terminal.ts";
import { runBroken } from "./broken.ts";
import { runPlan } from "./one-run.ts";
import { longForm, makePlan, SHORT_FORM } from "./plan.ts";
import { printPlan, printRun, printTotal } from "./print.ts";

const USAGE = `Usage: npm run chaos -- [--short] [--seed N] [--targets N] [--runs N] [--plan] [--verbose] [--keep] [--broken]

Sends batches to a local Worker while it is killed with SIGKILL, its messages are dropped, delayed, doubled and
reordered, its providers fail and its objects are evicted; then checks that nothing is lost and nothing is twice.

  --short      5,000 targets and 3 kills, in about a minute: what CI runs
  --targets N  rows of the targets file (default 100,000)
  --seed N     the faults are those of this seed (default: a new one, which is printed)
  --runs N     so many runs, with the seeds after it (default 1)
  --verbose    tells what happens when
  --keep       keeps the state folder and the Worker's log, as a run that fails does
  --broken     runs the short form on a product that is broken on purpose, in three ways; status 1 where chaos doesn't
               see one of them
  --plan       prints the faults of the seed, and runs nothing`;

const MAX_SEED = 2 ** 31;
const MAX_TARGETS = 100_000;
const MIN_TARGETS = 1000;
const DESCRIBED_MESSAGES = 40;

await runScript(USAGE, async () => {
  const options = readArguments(
    {
      short: { type: "boolean", default: false },
      plan: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      broken: { type: "boolean", default: false },
      seed: { type: "string" },
      targets: { type: "string", default: String(MAX_TARGETS) },
      runs: { type: "string", default: "1" },
    },
    USAGE,
  );
  const first =
    options.seed === undefined
      ? Math.floor(Math.random() * MAX_SEED)
      : parseNumber("--seed", options.seed, 0, MAX_SEED);
  const runs = parseNumber("--runs", options.runs, 1, 1000);
  const targets = parseNumber("--targets", options.targets, MIN_TARGETS, MAX_TARGETS);
  const form = options.short ? SHORT_FORM : longForm(targets);
  const plans = Array.from({ length: runs }, (_, index) => makePlan(first + index, form));
  if (options.plan) {
    for (const plan of plans) printPlan(plan, DESCRIBED_MESSAGES);
    return;
  }
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  /** Before anything can fail: with the seed the same faults come again. */
  const tellOf = (seed: number): ((what: string) => void) => {
    const begin = performance.now();
    console.log(`Seed ${seed}`);
    return (what) => {
      if (options.verbose) console.log(dim(`  ${formatTime(begin).padStart(8)}  ${what}`));
    };
  };
  if (options.broken) {
    if (!(await runBroken(makePlan(first, SHORT_FORM), tellOf(first)))) process.exitCode = 1;
    return;
  }
  const results = [];
  for (const plan of plans) {
    const result = await runPlan(plan, { tell: tellOf(plan.seed), keep: options.keep });
    printRun(result);
    results.push(result);
  }
  printTotal(results, options.short);
  if (results.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
});

function parseNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new UsageError(`${name} must be a number from ${least} to ${most}, not "${text}".`);
  }
  return number;
}
