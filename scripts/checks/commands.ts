import { spawn } from "node:child_process";
import { dim, formatTime, green, red } from "../terminal.ts";
import { ROOT } from "../wrangler.ts";

/** What a check runs: a name for who reads, and the command. */
export type Command = readonly [name: string, command: string, args: readonly string[]];

/** Runs a command of node_modules/.bin to its end, and returns whether it passed; what it says is shown where not. */
async function runCommand([name, command, args]: Command): Promise<boolean> {
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

/** Runs them, so many at once, all of them also where one fails. Returns whether all passed. */
export async function runCommands(commands: readonly Command[], atOnce: number): Promise<boolean> {
  const waiting = [...commands];
  const runSome = async (): Promise<boolean> => {
    let isGood = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      isGood = (await runCommand(next)) && isGood;
    }
    return isGood;
  };
  const lanes = await Promise.all(Array.from({ length: atOnce }, runSome));
  return lanes.every((isGood) => isGood);
}
