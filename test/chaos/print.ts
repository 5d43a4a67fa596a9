import { bold, dim, green, red } from "../../scripts/terminal.ts";
import { formatNumber } from "../bench/figures.ts";
import type { RunResult } from "./one-run.ts";
import { describeEvent, type Plan } from "./plan.ts";
import { VARIABLES } from "./server.ts";
import { describeFault, MessageFaults } from "./worker/message-faults.ts";

const SHOWN_VIOLATIONS = 20;
const QUEUES = ["onecall-deliveries-normal", "onecall-push-normal"];

/** What a seed does, without doing it. */
export function printPlan(plan: Plan, messages: number): void {
  console.log(bold(`Seed ${plan.seed}`));
  for (const [index, { events, killMs }] of plan.lives.entries()) {
    console.log(`Start ${index + 1}`);
    for (const event of events) {
      if (killMs === null || event.atMs <= killMs)
        console.log(`  ${formatMs(event.atMs)}  ${describeEvent(event)}`);
    }
    if (killMs !== null) console.log(`  ${formatMs(killMs)}  SIGKILL`);
    for (const queue of QUEUES) {
      const faults = new MessageFaults(plan.seed, index + 1, queue);
      const described = Array.from({ length: messages }, (_, message) => ({ message, fault: faults.next() }))
        .filter(({ fault }) => fault.kind !== "none")
        .map(({ message, fault }) => `${message + 1} ${describeFault(fault)}`);
      console.log(dim(`  ${queue}, of the first ${messages} messages: ${described.join(", ")}`));
    }
  }
}

function formatMs(ms: number): string {
  return `${String(ms).padStart(5)} ms`;
}

/** A line of figures, one of what was done, and what was wrong. */
export function printRun(result: RunResult): void {
  const { seed, kills, targets, lost, duplicated, repeatedPushes, healMs, violations, faults } = result;
  const mark = violations.length === 0 ? green("✓") : red("✗");
  const heal = `${(healMs / 1000).toFixed(1)} s`;
  console.log(
    `${mark} seed ${seed}: kills ${kills}, targets ${formatNumber(targets)}, lost ${lost}, duplicated feed items ${duplicated}, repeated pushes ${repeatedPushes} of ${formatNumber(result.pushes)}, time to heal ${heal}`,
  );
  const messages = `messages dropped ${faults.dropped}, held ${faults.held}, requeued ${faults.requeued}, doubled ${faults.doubled}, batches reordered ${faults.reordered}`;
  const repeats = `${result.repeatedByKill} pushes repeated by a kill, ${result.repeatedUnanswered} for want of an answer, ${result.repeatedSettled} of ${formatNumber(result.settledPushes)} that were seen written down; ${result.webhooks} webhooks, ${result.repeatedWebhooks} repeated; ${result.hooks} calls to users' webhook addresses, ${result.repeatedHooks} repeated`;
  console.log(dim(`  ${messages}; objects evicted ${result.evictions}; ${repeats}`));
  console.log(
    dim(
      `  ${result.notifications} notifications, ${formatNumber(result.reads)} reads whose sum was checked, ${result.feeds} feeds read, ${result.repeatedCalls} calls repeated`,
    ),
  );
  for (const violation of violations.slice(0, SHOWN_VIOLATIONS)) console.log(red(`  ${violation}`));
  if (violations.length > SHOWN_VIOLATIONS)
    console.log(red(`  and ${violations.length - SHOWN_VIOLATIONS} more`));
}

export function printTotal(results: readonly RunResult[], isShort: boolean): void {
  const sum = (of: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const slowest = Math.max(...results.map(({ healMs }) => healMs));
  const rows = [
    ["runs", formatNumber(results.length)],
    ["kills", formatNumber(sum(({ kills }) => kills))],
    ["targets", formatNumber(sum(({ targets }) => targets))],
    ["lost", formatNumber(sum(({ lost }) => lost))],
    ["duplicated feed items", formatNumber(sum(({ duplicated }) => duplicated))],
    ["repeated pushes", formatNumber(sum(({ repeatedPushes }) => repeatedPushes))],
    ["longest time to heal", `${(slowest / 1000).toFixed(1)} s`],
  ];
  console.log("");
  for (const [name = "", value = ""] of rows) console.log(`${name.padEnd(24)}${value.padStart(12)}`);
  const variables = Object.entries(VARIABLES).map(([name, value]) => `${name} ${value}`);
  console.log(dim(`\nWith ${variables.join(", ")}, so that healing takes seconds.`));
  const violations = sum(({ violations: found }) => found.length);
  if (violations > 0)
    console.log(
      red(
        `\n${violations} violations. The same faults again: --seed ${results.find((r) => r.violations.length > 0)?.seed}${isShort ? " --short" : ""}`,
      ),
    );
}
