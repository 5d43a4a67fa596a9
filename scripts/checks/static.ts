import { availableParallelism } from "node:os";
import { type Command, runCommands } from "./commands.ts";

/** `npm run check:static`: what needs no test to run, side by side. The longest go first. */

const CHECKS = ["types", "style", "package", "openapi", "deploy"];

const commands = CHECKS.map(
  (name): Command => [`check:${name}`, "npm", ["run", "--silent", `check:${name}`]],
);
if (!(await runCommands(commands, availableParallelism()))) process.exitCode = 1;
