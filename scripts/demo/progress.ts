import { cyan, dim } from "../terminal.ts";
import { formatNumber } from "./counts.ts";

const BAR_WIDTH = 40;
const PLAIN_STEP_PERCENT = 25;

/**
 * Shows how far a batch is: a bar that moves in place on a terminal, otherwise a line per quarter.
 *
 * @returns the function to call with every new count.
 */
export function createProgressBar(output: NodeJS.WriteStream): (done: number, total: number) => void {
  let shownPercent = -1;
  return (done, total) => {
    const percent = total === 0 ? 0 : Math.floor((100 * done) / total);
    const text = `${String(percent).padStart(3)} %  ${formatNumber(done)} of ${formatNumber(total)} deliveries`;
    if (output.isTTY) {
      const filled = Math.round((BAR_WIDTH * percent) / 100);
      const bar = cyan("█".repeat(filled)) + dim("░".repeat(BAR_WIDTH - filled));
      output.write(`\r  ${bar} ${text}${percent === 100 && shownPercent !== 100 ? "\n" : ""}`);
      shownPercent = percent;
    } else if (percent >= shownPercent + PLAIN_STEP_PERCENT || (percent === 100 && shownPercent !== 100)) {
      output.write(`  ${text}\n`);
      shownPercent = percent - (percent % PLAIN_STEP_PERCENT);
    }
  };
}
