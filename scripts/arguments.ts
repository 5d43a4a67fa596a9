import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** A mistake of the person at the terminal: told in one sentence, without a stack. */
export class UsageError extends Error {}

/** What was asked for is right, but can't be done now: told in one sentence, without the usage. */
export class StartRefusal extends Error {}

/**
 * Reads the options of a script. `--help` prints the usage and ends the process.
 *
 * @throws {UsageError} for an unknown option, a missing value or a stray word.
 */
export function readArguments<const Options extends ParseArgsOptionsConfig>(options: Options, usage: string) {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    if (error instanceof TypeError && "code" in error) {
      throw new UsageError(firstSentence(error.message));
    }
    throw error;
  }
}

/**
 * Runs a script's main function; mistakes of the caller end it with status 2 and the way to do it right, a refusal
 * with status 1 and its reason.
 */
export async function runScript(usage: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof StartRefusal) {
      console.error(error.message);
      process.exitCode = 1;
      return;
    }
    if (!(error instanceof UsageError)) {
      throw error;
    }
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}

// Node adds advice about `--` that doesn't apply here.
function firstSentence(message: string): string {
  const end = message.indexOf(". ");
  return end === -1 ? message : message.slice(0, end + 1);
}
